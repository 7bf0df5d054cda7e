"""How soon a worker that died is replaced."""

from __future__ import annotations

FIRST = 0.5
MOST = 30.0
STEADY = 10.0


class Backoff:
    """At once for one that had worked for STEADY seconds. One that keeps dying young: FIRST seconds, then twice as long each time, at most
    MOST."""

    def __init__(self) -> None:
        self._next = 0.0

    def delay(self, lived: float) -> float:
        """Seconds to wait after a worker that lived so many."""
        if lived >= STEADY:
            self._next = 0.0
        delay, self._next = self._next, min(MOST, 2 * self._next or FIRST)
        return delay
