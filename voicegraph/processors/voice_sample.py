"""The caller's own voice, for a model that clones it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from voicegraph.audio.references import References
from voicegraph.core.reference import LONGEST, RATE, SHORTEST
from voicegraph.core.sound import Pcm
from voicegraph.frames import Event
from voicegraph.frames import VoiceSample as Sample
from voicegraph.graph.ports import Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, Settings


class VoiceSampleSettings(Settings):
    consent: str = Field(
        "I am the person who speaks in this recording, and I agree that the agent answers in a copy of my voice. "
        "The recording is sent to the speech service with each reply, is never written to disk, and is forgotten when this call ends.",
        min_length=1,
        max_length=1000,
    )
    """What the caller must agree to before anything is recorded or uploaded. Change it with `keep`, and with what your law asks for."""
    keep: Literal["call"] | Annotated[Duration, Field(gt=0)] = "call"
    """How long the recording is kept, in memory: until the call ends, or for so long and at most until then."""


class VoiceSample(Processor):
    """Takes a recording of the voice that the replies are to have: spoken or uploaded on the page, once the caller has agreed.

        sample:
          use: voice_sample
          keep: call                            # or 10min: then the replies go back to their own voice

    Link it by name, `tts: {from: {voice: sample}}`. It comes by HTTP (`POST /sessions/{id}/voice`, docs/protocol.md).
    """

    settings: VoiceSampleSettings
    sample = Out(Sample)
    events = Out(Event)

    forgetting: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        self.call.shared(References).open(self.call.id, self._take)
        self._tell("voice-wanted", consent=self.settings.consent, shortest_s=SHORTEST, longest_s=LONGEST)

    def _take(self, pcm: Pcm) -> None:
        if self.forgetting is not None:
            self.forgetting.cancel()
        self.sample.send(Sample(pcm=pcm, rate=RATE))
        if not len(pcm):
            self._tell("voice-forgotten")
            return
        self._tell("voice-taken", seconds=round(len(pcm) / RATE, 1))
        if self.settings.keep != "call":
            self.forgetting = asyncio.get_running_loop().call_later(self.settings.keep, self._take, np.zeros(0, np.int16))

    def _tell(self, kind: str, **data: object) -> None:
        self.events.send(Event(kind=kind, data=data))

    async def close(self) -> None:
        self.call.shared(References).shut(self.call.id)
        if self.forgetting is not None:
            self.forgetting.cancel()
