"""What is disturbed is measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.quiet import undisturbed


def watches(shares: list[float]) -> Callable[[], Callable[[], float]]:
    """Watches that find these shares, one after another."""
    coming: Iterator[float] = iter(shares)
    return lambda: lambda: next(coming)


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ([0.0], 1),
        ([0.3, 0.01], 2),
        ([0.3, 0.1, 0.2], 2),  # never quiet: the quietest
    ],
)
async def test_it_is_measured_until_the_machine_is_quiet_or_patience_ends(shares: list[float], found: int) -> None:
    runs: list[int] = []

    async def measure() -> int:
        runs.append(len(runs) + 1)
        return runs[-1]

    assert await undisturbed(measure, watches(shares), tries=3) == found
    assert len(runs) == len(shares)
