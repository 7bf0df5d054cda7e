"""Whether the event loop stands still while calls run: whatever blocks it makes every caller's sound late."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass

INTERVAL = 0.050
"""Seconds between two beats: a sample, since each costs a wake-up. A stop of 55 ms is always seen, one of 10 ms one time in ten."""
BLOCKED = 0.005
"""Seconds by which a beat is late when the loop counts as blocked: a quarter of a packet."""


@dataclass(slots=True)
class Lateness:
    """How late beats were. `late_ms_max`: the worst one; `blocked_5ms`: how many were later than `BLOCKED`."""

    beats: int = 0
    late_ms_max: float = 0.0
    blocked_5ms: int = 0

    def add(self, late: float) -> None:
        """A beat came so many seconds after it was due."""
        self.beats += 1
        self.late_ms_max = max(self.late_ms_max, round(1000 * late, 2))
        self.blocked_5ms += late > BLOCKED


class Pulse:
    """Beats from `start` to `stop`, and counts."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lateness = Lateness()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Without effect when it beats already."""
        if self._timer is None:
            self._timer = self._loop.call_later(INTERVAL, self._beat)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def report(self) -> dict[str, float]:
        """All that was counted so far, for JSON."""
        return asdict(self._lateness)

    def _beat(self) -> None:
        assert self._timer is not None
        self._lateness.add(self._loop.time() - self._timer.when())
        self._timer = self._loop.call_later(INTERVAL, self._beat)
