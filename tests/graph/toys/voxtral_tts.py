from __future__ import annotations

from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class VoxtralTtsSettings(Settings):
    voice: str | dict[str, str]


class VoxtralTts(Processor):
    settings: VoxtralTtsSettings
    text = In(ReplyText, many=True)
    audio = Out(ReplyAudio, rate=24000)

    def on_text(self, frame: ReplyText) -> None: ...
