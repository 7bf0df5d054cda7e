from __future__ import annotations

from voicegraph.frames import Playback, ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, Settings


class JitterBufferSettings(Settings):
    cushion: Duration = 0.06


class JitterBuffer(Processor):
    settings: JitterBufferSettings
    audio = In(ReplyAudio, rates=(8000, 12000, 16000, 24000, 48000))
    playback = Out(Playback, rate="audio")

    def on_audio(self, frame: ReplyAudio) -> None: ...
