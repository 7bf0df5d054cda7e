"""When each of many calls is due to send, every 20 ms or after a longer rest: on a wheel of few slots, so that few wake-ups serve many calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

PERIOD = 0.020
"""Seconds of a turn: a packet."""
SLOTS = 4
"""Every 5 ms one: at most 200 wake-ups a second for any number of calls. What shares a slot leaves one after the other, in some 0.1 ms each."""
TOGETHER = 5
"""So many calls are put into one slot before the next is begun: who leaves right after another finds the caches warm, and half a millisecond is
no lateness."""
EARLY = 1e-6
"""Seconds: what is due that soon is due now. Sums of periods differ by less."""

Tick = Callable[[int], int]
"""Called with the number of periods since it was called last; gives how many there are to be until the next time, 1 for each."""


@dataclass(slots=True)
class _Turn:
    slot: int
    last: float
    due: float


class Wheel:
    """Deadlines are absolute: lateness does not add up, and what a stall has missed is not made up for. Times in seconds, by any one clock."""

    def __init__(self) -> None:
        self._turns: dict[Tick, _Turn] = {}

    def add(self, tick: Tick, now: float) -> None:
        """Beside others as long as there are few, then into the emptiest slot; of equal ones into that which is due next. The first turn comes
        within a period."""
        crowd = [0] * SLOTS
        for turn in self._turns.values():
            crowd[turn.slot] += 1
        slot = min(range(SLOTS), key=lambda slot: (-crowd[slot] if crowd[slot] < TOGETHER else crowd[slot], _due(slot, now)))
        due = _due(slot, now)
        self._turns[tick] = _Turn(slot, due - PERIOD, due)

    def remove(self, tick: Tick) -> None:
        """It is not called any more; without effect when it is not there."""
        self._turns.pop(tick, None)

    def wake(self, tick: Tick, now: float) -> None:
        """Its rest is over: it is due at the next turn of its slot."""
        turn = self._turns.get(tick)
        if turn is not None:
            turn.due = min(turn.due, turn.last + max(1, math.ceil((now - turn.last) / PERIOD)) * PERIOD)

    @property
    def deadline(self) -> float | None:
        """When to call `turn`; None while there is nothing to do."""
        return min([turn.due for turn in self._turns.values()], default=None)

    def turn(self, now: float) -> list[tuple[Tick, int]]:
        """Everything that is due, with the number of periods to call it with. What it gives goes to `rest`; without that it rests for one."""
        found: list[tuple[Tick, int]] = []
        for tick, turn in self._turns.items():
            if turn.due <= now + EARLY:
                missed = max(0, int((now - turn.due) / PERIOD))
                at = turn.due + missed * PERIOD
                found.append((tick, round((at - turn.last) / PERIOD)))
                turn.last, turn.due = at, at + PERIOD
        return found

    def rest(self, tick: Tick, periods: int) -> None:
        """It need not be called before so many periods have passed since it was."""
        turn = self._turns.get(tick)
        if turn is not None:
            turn.due = turn.last + periods * PERIOD


def _due(slot: int, now: float) -> float:
    """When this slot is due next, by the grid that all share."""
    offset = slot * PERIOD / SLOTS
    return offset + math.ceil((now - offset) / PERIOD) * PERIOD
