"""`python -m benchmarks`: measure, print a table, write the results as JSON; exit 1 when a bar is not reached."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks import latency, load
from benchmarks.churn import churn
from benchmarks.cost import cost
from benchmarks.dual_delay import dual_delay
from benchmarks.echo import echo
from benchmarks.endings import endings
from benchmarks.figures import Figure, table
from benchmarks.heard import heard
from benchmarks.machine import pin
from benchmarks.moderation import moderation
from benchmarks.paint import paint
from benchmarks.processes import ANSWER, ASKED, DELAYS, LONG_ANSWER, stand_in, voicegraph
from benchmarks.results import BENCH, Part, Results
from benchmarks.share import given
from benchmarks.speculation import speculation
from benchmarks.tools import tools
from benchmarks.yielding import yielding

GRAPHS = ("voxtral", "voxtral2")
LOADED = GRAPHS[0]


async def _latency(calls: int) -> Part:
    figures: list[Figure] = []
    for graph in GRAPHS:
        async with stand_in() as mistral, voicegraph(graph, mistral.url) as server:
            figures += latency.figures(graph, await latency.sample(server, calls), given(graph, DELAYS))
            figures.append(Figure(f"{graph}: serve ready", "s", [server.ready], worst_bar=2))
    return Part(figures)


async def _echo(calls: int) -> Part:
    return Part(await echo(calls))


async def _cost(_: int) -> Part:
    async with stand_in(LONG_ANSWER, (ASKED,)) as mistral, voicegraph(LOADED, mistral.url) as server:
        return Part(await cost(LOADED, server))


async def _load(_: int) -> Part:
    async with stand_in(ANSWER, (ASKED,)) as mistral, voicegraph(LOADED, mistral.url) as server:
        steps = await load.ramp(server, mistral)
    return Part(load.figures(LOADED, steps), {"voicegraph": steps}, load.controls(steps))


async def _churn(_: int) -> Part:
    return Part(await churn())


async def _paint(_: int) -> Part:
    async with voicegraph("local") as server:
        return Part(await paint(server))


async def _speculation(calls: int) -> Part:
    return Part([figure for graph in GRAPHS for figure in await speculation(graph, calls)])


async def _yielding(_: int) -> Part:
    return Part([figure for graph in GRAPHS for figure in await yielding(graph)])


async def _heard(_: int) -> Part:
    return Part(await heard())


async def _tools(calls: int) -> Part:
    return Part(await tools(calls))


async def _moderation(calls: int) -> Part:
    return Part(await moderation(calls))


async def _dual_delay(_: int) -> Part:
    return Part(await dual_delay())


PARTS: dict[str, Callable[[int], Awaitable[Part]]] = {
    "latency": _latency,
    "speculation": _speculation,
    "yielding": _yielding,
    "heard": _heard,
    "tools": _tools,
    "moderation": _moderation,
    "dual_delay": _dual_delay,
    "echo": _echo,
    "cost": _cost,
    "load": _load,
    "churn": _churn,
    "paint": _paint,
}
"""In the order in which they run and are shown. The number is that of the calls, where one follows another."""
DEFAULT = [part for part in PARTS if part != "heard"]
"""Without the one that takes a quarter of an hour."""


async def _measure(parts: Sequence[str], calls: int) -> Results:
    found: dict[str, Part] = {}
    for part in parts:
        print(f"measuring {part} …", file=sys.stderr)
        found[part] = await PARTS[part](calls)
    return Results(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="this part; may be repeated (default: all but heard)")
    parser.add_argument("--calls", type=int, default=6, help="where calls are measured one after another (default: %(default)s)")
    parser.add_argument(
        "--speech", type=Path, metavar="FOLDER", help="only this, not kept: are pauses in these WAV files taken for the end of a turn?"
    )
    parser.add_argument(
        "--json", type=Path, default=BENCH, metavar="FILE", help="keeps the results; parts not measured stay in it (default: %(default)s)"
    )
    options = parser.parse_args()
    pin(os.getpid(), server=False)
    if options.speech is not None:
        print(table(asyncio.run(endings(sorted(options.speech.glob("*.wav"))))))
        return 0
    found = asyncio.run(_measure([part for part in PARTS if part in (options.only or DEFAULT)], options.calls))
    print(f"{table(found.figures)}\n\n{found.said()}")
    known = Results.read(options.json).parts | found.parts
    Results({part: known[part] for part in PARTS if part in known}).write(options.json)
    return 0 if all(figure.reached() for figure in found.figures) else 1


if __name__ == "__main__":
    sys.exit(main())
