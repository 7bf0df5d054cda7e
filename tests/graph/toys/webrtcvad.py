from __future__ import annotations

from pydantic import Field

from voicegraph.frames import CallerAudio, Speech
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Decibels, Settings


class WebrtcvadSettings(Settings):
    mode: int = Field(2, ge=0, le=3)
    floor: Decibels = -42.0


class Webrtcvad(Processor):
    settings: WebrtcvadSettings
    audio = In(CallerAudio, rates=(8000, 16000, 32000, 48000))
    speech = Out(Speech)

    def on_audio(self, frame: CallerAudio) -> None: ...
