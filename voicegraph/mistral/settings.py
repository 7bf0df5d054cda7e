"""Options that several processors share: how to reach Mistral, or a server that speaks its protocol; when a turn is over;
whose voice speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from voicegraph.audio.decode import decode
from voicegraph.core.reference import RATE as REFERENCE_RATE
from voicegraph.core.reference import prepare
from voicegraph.errors import CallFailed, UnfitReference
from voicegraph.graph.processor import Place, Share
from voicegraph.graph.settings import ByLanguage, Duration, Secret, Settings, in_language
from voicegraph.mistral.client import IMPATIENCE, PATIENCE, MistralClients
from voicegraph.mistral.speech import Manner, as_reference

if TYPE_CHECKING:
    from mistralai.client import Mistral


class MistralSettings(Settings):
    """The base of the settings of every processor that talks to Mistral."""

    api_key: Secret | None = None
    """By default what MISTRAL_API_KEY holds."""
    base_url: str | None = None
    """Another server, for HTTP and WebSockets both, such as https://api.eu.mistral.ai. By default what MISTRAL_BASE_URL holds, else https://api.mistral.ai."""

    def client(self, place: Place) -> Mistral:
        """The client that the calls of this process share. Raises CallFailed when there is no key."""
        return place.call.shared(MistralClients).get(self.key(), self.base_url, IMPATIENCE if place.replaceable else PATIENCE)

    def key(self) -> str | None:
        """The key that the file gives, None for that of the environment."""
        return self.api_key.get_secret_value() if self.api_key else None

    async def warm(self, share: Share) -> None:
        """Import the SDK and make the client, off the loop."""
        await asyncio.to_thread(share(MistralClients).warm)


Threshold = Annotated[float, Field(ge=0, le=1)]


class TurnDetection(Settings):
    """When Voxtral 3 takes a turn for begun and for over: probabilities of speech, and silences."""

    start_threshold: Threshold = 0.5
    """A turn has begun when speech is at least this likely."""
    eager_end_threshold: Threshold = 0.5
    """It is probably over when speech is less likely than this."""
    end_threshold: Threshold = 0.33
    """It is over when speech is less likely than this."""
    min_silence: Duration = 0.5
    """Silence without which no turn is over."""
    end_timeout: Duration = 3.0
    """Silence that ends a turn however unfinished it sounds."""

    @model_validator(mode="after")
    def _ordered(self) -> TurnDetection:
        if not self.start_threshold >= self.eager_end_threshold > self.end_threshold:
            raise ValueError("the thresholds must fall: start_threshold ≥ eager_end_threshold > end_threshold")
        if self.end_timeout < self.min_silence:
            raise ValueError("end_timeout must be at least min_silence")
        return self

    def on_the_wire(self) -> Mapping[str, float | int]:
        """As the service names them."""
        thresholds = {name: getattr(self, name) for name in ("start_threshold", "eager_end_threshold", "end_threshold")}
        return {**thresholds, "min_silence_ms": round(self.min_silence * 1000), "end_timeout_ms": round(self.end_timeout * 1000)}


class VoiceSettings(MistralSettings):
    """Who speaks, and how."""

    voice: ByLanguage | None = None
    """A preset voice such as gb_jane_neutral (which is the default), or a stored one; or one for each language that a reply may be in."""
    ref_audio: Path | None = None
    """Instead of a voice: a file with 3 to 25 seconds of the voice to clone, in any usual format."""
    expressiveness: float | None = Field(None, ge=1)
    """How strongly the voice shapes what it says: a guidance scale, from 1 upwards. By default the service's own."""

    @model_validator(mode="after")
    def _one_voice(self) -> VoiceSettings:
        if self.voice and self.ref_audio:
            raise ValueError("voice and ref_audio exclude each other: leave one out")
        return self

    def reference(self) -> str | None:
        """The recording of the voice to clone, if there is one, as the service takes it; reads the file. Raises CallFailed."""
        if self.ref_audio is None:
            return None
        try:
            return as_reference(prepare(decode(self.ref_audio.read_bytes(), REFERENCE_RATE)), REFERENCE_RATE)
        except OSError as problem:
            raise CallFailed(f"The reference voice {self.ref_audio} cannot be read: {problem.strerror}.") from problem
        except UnfitReference as problem:
            raise CallFailed(f"The reference voice {self.ref_audio} cannot be used. {problem}") from problem

    def manner(self, model: str, reference: str | None, language: str | None = None) -> Manner:
        """What the service is asked for, for a reply in this language."""
        voice = None if reference else in_language(self.voice or "gb_jane_neutral", language)
        return Manner(model, voice=voice, ref_audio=reference, expressiveness=self.expressiveness)
