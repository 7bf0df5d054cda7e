"""Speech to text by Mistral's realtime transcription."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from voicegraph.core.transcript import Fact, Said
from voicegraph.frames import CallerAudio, Speech, Transcript, TurnCue, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration
from voicegraph.graph.spec import NodeSpec
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.models import is_voxtral_3
from voicegraph.mistral.settings import MistralSettings, TurnDetection
from voicegraph.mistral.transcription import Hearing, Transcriber


class VoxtralSttSettings(MistralSettings):
    model: str = "voxtral-mini-transcribe-realtime-3-0"
    """A realtime transcription model; from Voxtral 3 on it tells turns itself."""
    target_streaming_delay: Annotated[Duration, Field(ge=0.08, le=2.4)] = 0.24
    """How far the model looks ahead: 240ms for conversation, 480ms for accuracy, 2400ms for a record. From 80ms to 2400ms."""
    language: str | None = Field(None, pattern="^[a-z]{2}$")
    """ISO 639-1 code of what is spoken; by default it is recognised."""
    context_bias: tuple[str, ...] = ()
    """Names and terms to expect."""
    turn_detection: TurnDetection = TurnDetection()


class VoxtralStt(Processor):
    """What the caller says, as it is said.

        stt:
          use: voxtral_stt
          model: voxtral-mini-transcribe-realtime-3-0
          target_streaming_delay: 240ms         # later words are surer words
          context_bias: [Voxtral, Montmartre]   # names that it should know

    Voxtral 3 tells turns itself; a voice detector above is its watchdog, should it go quiet. An older model needs one, which ends its segments.
    """

    settings: VoxtralSttSettings
    audio = In(CallerAudio, rates=(8000, 16000, 22050, 24000, 44100, 48000))
    speech = In(Speech, optional=True)
    words = Out(Transcript)

    transcriber: Transcriber | None = None

    async def start(self) -> None:
        settings = self.settings
        hearing = Hearing(
            model=settings.model,
            rate=self.audio.rate,
            delay=settings.target_streaming_delay,
            language=settings.language,
            context_bias=settings.context_bias,
            turn_detection=settings.turn_detection.on_the_wire() if is_voxtral_3(settings.model) else None,
        )
        sockets = self.call.shared(MistralClients).sockets
        self.transcriber = Transcriber(settings.client(self.place), sockets, hearing, self._tell, replaceable=self.place.replaceable)
        await self.transcriber.open()

    async def run(self) -> None:
        assert self.transcriber is not None
        await self.transcriber.run()

    def on_audio(self, audio: CallerAudio) -> None:
        assert self.transcriber is not None
        self.transcriber.hear(audio.pcm.tobytes(), audio.t)

    def on_speech(self, speech: Speech) -> None:
        assert self.transcriber is not None
        self.transcriber.speech(speech.on, speech.t)

    def _tell(self, fact: Fact) -> None:
        if isinstance(fact, Said):
            self.words.send(Words(segment=fact.segment, text=fact.text, final=fact.final, language=fact.language))
        else:
            self.words.send(TurnCue(segment=fact.segment, cue=fact.kind, t=fact.at))

    async def close(self) -> None:
        if self.transcriber is not None:
            await self.transcriber.close()

    @classmethod
    def check(cls, node: NodeSpec) -> Sequence[str]:
        model = getattr(node.settings, "model", "")
        if is_voxtral_3(model) or any(link.into == "speech" for link in node.links):
            return []
        return [f"{model} does not tell turns: put a voice detector above, which ends its segments, such as vad: webrtcvad"]
