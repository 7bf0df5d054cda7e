from __future__ import annotations

from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class EspeakTtsSettings(Settings):
    speed: int = 175


class EspeakTts(Processor):
    settings: EspeakTtsSettings
    text = In(ReplyText, many=True)
    audio = Out(ReplyAudio, rate=22050)

    def on_text(self, frame: ReplyText) -> None: ...
