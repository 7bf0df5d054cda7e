"""Which running calls take a reference voice, so that a server can hand a caller's recording to the caller's own call."""

from __future__ import annotations

from collections.abc import Callable

from voicegraph.core.sound import Pcm


class References:
    """One per process (`Host.shared`). Recordings pass through; none is kept here."""

    def __init__(self) -> None:
        self._takers: dict[str, Callable[[Pcm], None]] = {}

    def open(self, call: str, take: Callable[[Pcm], None]) -> None:
        """From now on this call takes one: mono at core.reference.RATE, checked; an empty one takes the former back."""
        self._takers[call] = take

    def shut(self, call: str) -> None:
        """No more."""
        self._takers.pop(call, None)

    def give(self, call: str, pcm: Pcm) -> bool:
        """Hand it over; whether that call takes any."""
        take = self._takers.get(call)
        if take is not None:
            take(pcm)
        return take is not None

    async def close(self) -> None:
        self._takers.clear()
