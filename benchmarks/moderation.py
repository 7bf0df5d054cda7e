"""What a guard on the way out adds to the first sound of an answer, beside the round trip to the model that judges."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.latency import answers
from benchmarks.processes import DELAYS, GRAPHS, stand_in, voicegraph

SLACK = 20.0
"""Milliseconds that a guard may add to its model's round trip: a packet's length."""


async def moderation(calls: int) -> list[Figure]:
    """The answers of voxtral with and without `moderate_replies`, over this many calls of each, in turn."""
    plain, guarded = [], []
    async with (
        stand_in() as mistral,
        voicegraph("voxtral", mistral.url) as without,
        voicegraph(str(GRAPHS / "guarded.yaml"), mistral.url) as guard,
    ):
        for _ in range(calls):
            plain += await answers(without, 1)
            guarded += await answers(guard, 1)
    trip = 1000 * DELAYS["moderation"]
    added = [each - other for each, other in zip(sorted(guarded), sorted(plain), strict=True)]
    return [Figure(f"voxtral: what a guard on the replies adds (its model takes {trip:g} ms)", "ms", added, median_bar=trip + SLACK)]
