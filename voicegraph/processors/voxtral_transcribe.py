"""Speech to text for a whole clip at once, with who said what."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from pydantic import Field, model_validator

from voicegraph.audio.wav import wav_bytes
from voicegraph.core.speakers import Part, script
from voicegraph.frames import Clip, Event, Transcript, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Duration
from voicegraph.mistral.errors import explain, failures
from voicegraph.mistral.settings import MistralSettings

log = logging.getLogger(__name__)


class VoxtralTranscribeSettings(MistralSettings):
    model: str = "voxtral-mini-transcribe-3-0"
    """A model for the transcription of files."""
    diarize: bool = True
    """Whether speakers are told apart. The agent then gets `[0.1s -> 1.5s] speaker_1: …`, a line for each change; else the words alone."""
    language: str | None = Field(None, pattern="^[a-z]{2}$")
    """ISO 639-1 code of what is spoken; by default it is recognised. Only with `diarize: false`: the service gives no time stamps then."""
    context_bias: tuple[str, ...] = ()
    """Names and terms to expect."""
    limit: Annotated[Duration, Field(gt=0)] = 20.0
    """How long the transcription of a clip may take."""

    @model_validator(mode="after")
    def _one_of_both(self) -> VoxtralTranscribeSettings:
        if self.language and self.diarize:
            raise ValueError("language and diarize exclude each other: leave one out, or write diarize: false")
        return self


class VoxtralTranscribe(Processor):
    """What was said in a clip, with the speakers told apart.

        stt:
          use: voxtral_transcribe
          model: voxtral-mini-transcribe-3-0
          diarize: true                         # who said what, and when

    It gives the words of a clip at once and as final. Clips are transcribed one after the other.
    """

    settings: VoxtralTranscribeSettings
    clip = In(Clip)
    words = Out(Transcript)
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._segment = 0

    async def start(self) -> None:
        self.transcriptions = self.settings.client(self.place).audio.transcriptions

    async def on_clip(self, clip: Clip) -> None:
        segment, self._segment = self._segment, self._segment + 1
        try:
            async with asyncio.timeout(self.settings.limit):
                text, parts, language = await self._transcribe(clip)
        except failures() as problem:
            trouble = explain(problem)
            log.warning("call %s: '%s' could not transcribe a clip: %s", self.call.id, self.name, trouble.plain)
            sentence = f"What you said could not be transcribed. {trouble.sentence}"
            self.events.send(Event(kind="error", data={"error": sentence, "message": sentence, "fatal": False}))
            return
        said = [{"speaker": part.speaker, "start": part.start, "end": part.end, "text": part.text.strip()} for part in parts]
        self.events.send(Event(kind="utterance", data={"segment": segment, "text": text, "parts": said, "language": language}))
        self.words.send(Words(segment=segment, text=script(parts) or text, final=True, language=language))

    async def _transcribe(self, clip: Clip) -> tuple[str, list[Part], str | None]:
        settings = self.settings
        answer = await self.transcriptions.complete_async(
            model=settings.model,
            file={"file_name": "clip.wav", "content": wav_bytes(clip.pcm, clip.rate), "content_type": "audio/wav"},
            diarize=settings.diarize,
            language=settings.language,
            context_bias=settings.context_bias or None,
            timestamp_granularities=["segment"] if settings.diarize else None,
        )
        segments = answer.segments or [] if settings.diarize else []
        parts = [Part(each.text, each.start or 0.0, each.end or 0.0, each.speaker_id or None) for each in segments]
        return answer.text.strip(), parts, answer.language or None
