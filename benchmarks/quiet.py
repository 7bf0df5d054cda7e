"""Measuring again what other programs have disturbed: a machine is rarely alone with a benchmark."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from benchmarks.machine import server_core_seconds
from benchmarks.processes import Program

T = TypeVar("T")

DISTURBED = 0.02
"""The share of the server's core beyond which other programs count as a disturbance."""
TRIES = 3
"""How often one thing is measured at most."""


def others(server: Program) -> Callable[[], float]:
    """A watch on the server's core from now on: what it gives when called is the share of that core which other programs have taken."""
    at, used, core = time.monotonic(), server.cpu_seconds(), server_core_seconds()

    def share() -> float:
        foreign = (server_core_seconds() - core) - (server.cpu_seconds() - used)
        return max(0.0, foreign / (time.monotonic() - at))

    return share


async def undisturbed(measure: Callable[[], Awaitable[T]], watch: Callable[[], Callable[[], float]], tries: int = TRIES) -> T:
    """What `measure` finds when the machine is quiet; if it never is, the finding of the quietest try. `watch`: begins a watch as `others` does."""
    found: list[tuple[float, T]] = []
    while not found or (found[-1][0] > DISTURBED and len(found) < tries):
        share = watch()
        finding = await measure()
        found.append((share(), finding))
    return min(found, key=lambda each: each[0])[1]
