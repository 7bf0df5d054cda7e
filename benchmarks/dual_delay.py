"""What the second stream of dual delay costs: CPU of calls in which a question is asked every twelve seconds, with one stream and with two."""

from __future__ import annotations

import asyncio

from benchmarks.callers.crowd import crowd
from benchmarks.callers.microphone import CYCLE
from benchmarks.cost import percent
from benchmarks.figures import Figure
from benchmarks.processes import ANSWER, ASKED, GRAPHS, stand_in, voicegraph

CALLS = 5
SETTLE = 4.0
ROUNDS = 2
PAIRS = {
    "captions": (str(GRAPHS / "one_stream.yaml"), "captions"),
    "a conversation": ("voxtral", str(GRAPHS / "two_streams.yaml")),
}
"""What is compared: the graph with one stream, and the one with two."""


async def dual_delay() -> list[Figure]:
    """A ratio for each of PAIRS, measured in turn, ROUNDS times."""
    found: list[Figure] = []
    for name, (one, two) in PAIRS.items():
        ratios = []
        for _ in range(ROUNDS):
            single = await _talking(one)
            ratios.append(await _talking(two) / single)
        found.append(Figure(f"{name} with two streams instead of one: CPU of the calls", "times", ratios, median_bar=1.6))
    return found


async def _talking(graph: str) -> float:
    """Percent of a core, all calls together, less what the server uses without any."""
    async with stand_in(ANSWER, (ASKED,)) as mistral, voicegraph(graph, mistral.url) as server, crowd(server.url) as callers:
        alone = await percent(server, SETTLE)
        await callers.grow(CALLS)
        await callers.converse()
        await asyncio.sleep(SETTLE)
        return await percent(server, CYCLE) - alone
