from __future__ import annotations

from voicegraph.frames import Audio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class ResamplerSettings(Settings):
    rate: int


class Resampler(Processor):
    settings: ResamplerSettings
    audio = In(Audio)
    resampled = Out(Audio, name="audio", like="audio", rate="rate")

    def on_audio(self, frame: Audio) -> None: ...
