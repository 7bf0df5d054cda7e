from __future__ import annotations

from typing import Annotated

from pydantic import Field

from voicegraph.frames import CallerAudio, Speech, Transcript
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, Secret, Settings


class VoxtralSttSettings(Settings):
    api_key: Secret | None = None
    target_streaming_delay: Annotated[Duration, Field(ge=0.08, le=2.4)] = 0.24
    context_bias: tuple[str, ...] = ()
    language: str | None = None


class VoxtralStt(Processor):
    settings: VoxtralSttSettings
    audio = In(CallerAudio)
    speech = In(Speech, optional=True, named=True)
    words = Out(Transcript)

    def on_audio(self, frame: CallerAudio) -> None: ...

    def on_speech(self, frame: Speech) -> None: ...
