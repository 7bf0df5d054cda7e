"""`python -m benchmarks`: measure, print a table, write the results as JSON; exit 1 when a bar is not reached."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import latency, load
from benchmarks.cost import cost
from benchmarks.echo import echo
from benchmarks.figures import Figure, table
from benchmarks.machine import pin
from benchmarks.processes import ANSWER, ASKED, DELAYS, LONG_ANSWER, stand_in, voicegraph
from benchmarks.results import BENCH, Results
from benchmarks.share import given

GRAPHS = ("voxtral", "voxtral2")
LOADED = GRAPHS[0]
ECHO_CALLS = 8


async def _latency(results: Results, calls: int) -> None:
    for graph in GRAPHS:
        async with stand_in() as mistral, voicegraph(graph, mistral.url) as server:
            samples = await latency.sample(server, calls)
            ready = Figure(f"{graph}: serve ready", "s", [server.ready], worst_bar=2)
        results.figures += [*latency.figures(graph, samples, given(graph, DELAYS)), ready]


async def _echo(results: Results, calls: int) -> None:
    results.figures += await echo(min(calls, ECHO_CALLS))


async def _cost(results: Results, _: int) -> None:
    async with stand_in(LONG_ANSWER, (ASKED,)) as mistral, voicegraph(LOADED, mistral.url) as server:
        results.figures += await cost(LOADED, server)


async def _load(results: Results, _: int) -> None:
    async with stand_in(ANSWER, (ASKED,)) as mistral, voicegraph(LOADED, mistral.url) as server:
        steps = await load.ramp(server, mistral)
    results.figures += load.figures(LOADED, steps)
    results.ramps["voicegraph"] = steps
    results.notes.append(load.controls(steps))


PARTS: dict[str, Callable[[Results, int], Awaitable[None]]] = {"latency": _latency, "echo": _echo, "cost": _cost, "load": _load}
"""In the order in which they run. Each adds what it finds; the number is that of the calls where one follows another."""


async def _measure(parts: list[str], calls: int) -> Results:
    results = Results()
    for part in parts:
        print(f"measuring {part} …", file=sys.stderr)
        await PARTS[part](results, calls)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="this part; may be repeated (default: all)")
    parser.add_argument("--calls", type=int, default=8, help="where calls are measured one after another (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the results go (default: {BENCH}, when all is measured)")
    options = parser.parse_args()
    pin(os.getpid(), server=False)
    results = asyncio.run(_measure(options.only or list(PARTS), options.calls))
    print(table(results.figures))
    for note in results.notes:
        print(f"\n{note}")
    if (path := options.json or (None if options.only else BENCH)) is not None:
        results.write(path)
    return 0 if all(each.reached() for each in results.figures) else 1


if __name__ == "__main__":
    sys.exit(main())
