"""What runs calls, as the rest of the server knows it: in this process (local.py) or in one of its own (remote.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voicegraph.core.sound import Pcm
from voicegraph.server.bodies import Answer, Candidates, Choice, Offer


class Worker(Protocol):
    """Tells what becomes of its calls as `Told` says. Every method raises BadRequest, and WorkerLost when the worker is gone."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def pid(self) -> int:
        """Of its process."""

    @property
    def loop(self) -> Mapping[str, float]:
        """How late its event loop was while calls ran, as `Pulse` reports it; a remote worker tells every other second."""

    async def first(self, id: str, offer: Offer, choice: Choice) -> Answer:
        """Start a call. When this raises nothing of it is left."""

    async def again(self, id: str, offer: Offer) -> Answer:
        """A renegotiation or a new connection of a running call."""

    async def candidates(self, id: str, body: Candidates) -> None:
        """Trickled ICE candidates."""

    async def end(self, id: str, reason: str) -> None:
        """End the call; does not wait until it has ended."""

    async def voice(self, id: str, pcm: Pcm) -> None:
        """Let a call speak in this voice: mono at core.reference.RATE, checked; an empty one takes the former back."""

    async def recording(self, id: str) -> Path | None:
        """The file with the recording of a call of this worker, as long as its caller can have it."""

    async def close(self, reason: str) -> None:
        """End all calls and wait until they are over, within a limit."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a worker tells. over(id): everything of that call is given back. token(id, token): its newest resume token."""

    over: Callable[[str], None]
    token: Callable[[str, str], None]
