"""What an answer costs that is not begun before the turn is certainly over: the graphs of the other figures, with speculation switched off."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.latency import answers
from benchmarks.processes import GRAPHS, stand_in, voicegraph


async def speculation(graph: str, calls: int) -> list[Figure]:
    """The answers of one graph without speculation, over this many calls."""
    async with stand_in() as mistral, voicegraph(str(GRAPHS / f"{graph}_unspeculative.yaml"), mistral.url) as program:
        samples = await answers(program, calls)
    return [Figure(f"{graph}, speculations: 0: end of speech → first sample of the reply", "ms", samples)]
