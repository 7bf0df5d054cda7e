"""Which of several providers works: when to switch to a stand-in, and when to try the better one again. Pure: `now` is an argument.

The choices are numbered in the order of preference; 0 is the one that the graph wants.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_PAUSE = 5.0
"""Seconds after a failure before the provider is tried again; twice as long after each failure that follows,"""
LONGEST_PAUSE = 300.0
"""but never longer than this: it is a caller's evening at most, and a provider's hour."""
PROVEN = 30.0
"""Seconds of work after which a provider counts as well: its next failure begins the pauses anew."""


@dataclass(slots=True)
class _Record:
    down_until: float = 0.0
    pause: float = FIRST_PAUSE
    works_since: float | None = None


class Failover:
    """The record of each choice in one call."""

    def __init__(self, choices: int) -> None:
        self._records = [_Record() for _ in range(choices)]

    def best(self, now: float) -> int | None:
        """The best choice that is not known to be down; None when all are."""
        return next((number for number, record in enumerate(self._records) if record.down_until <= now), None)

    def another(self, now: float, choice: int) -> bool:
        """Whether any other choice than this one may be tried now."""
        return any(record.down_until <= now for number, record in enumerate(self._records) if number != choice)

    def failed(self, now: float, choice: int) -> None:
        """It could not be opened, or it failed at its work."""
        record = self._records[choice]
        if record.works_since is not None and now - record.works_since >= PROVEN:
            record.pause = FIRST_PAUSE
        record.down_until, record.works_since = now + record.pause, None
        record.pause = min(2 * record.pause, LONGEST_PAUSE)

    def works(self, now: float, choice: int) -> None:
        """It has given something of use."""
        record = self._records[choice]
        record.works_since = now if record.works_since is None else record.works_since

    def better(self, now: float, choice: int) -> int | None:
        """A choice that is preferred to this one and may be tried now."""
        best = self.best(now)
        return best if best is not None and best < choice else None

    def deadline(self, choice: int) -> float | None:
        """When a better choice than this one may be tried; None when it is the best."""
        return min((record.down_until for record in self._records[:choice]), default=None)
