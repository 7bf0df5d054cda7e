"""Calls set up and torn down one after another: memory, file descriptors and threads of the server come back to where they were.

`python -m benchmarks.churn [--calls N]` prints the figures by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, table
from benchmarks.processes import Program, voicegraph
from voicegraph.testing.caller import Caller, over_http

CALLS = 200
BEFORE = 50
"""Calls before the first look: what is made on first use, and the allocator's arenas, are there then."""
SETTLE = 2.0
GROWTH = 4.0
"""MB that the process may be larger after all calls than before: 20 kB for each is noise of the allocator, a leaked call is more than 100."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds (Linux)."""

    memory: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, program: Program) -> Holdings:
        return cls(program.memory(), len(list(Path(f"/proc/{program.pid}/fd").iterdir())), program.threads())


async def churn(calls: int = CALLS) -> list[Figure]:
    """Of the graph `echo` in one process. Tasks are counted in tests/server/test_calls.py."""
    async with voicegraph("echo") as server:
        await _one_after_another(server, BEFORE)
        before = await asyncio.to_thread(Holdings.of, server)
        connects = await _one_after_another(server, calls)
        after = await asyncio.to_thread(Holdings.of, server)
    return [
        Figure(f"{calls} calls one after another: offer sent → connected", "ms", connects, median_bar=200.0),
        Figure(f"{calls} calls one after another: memory left", "MB", [(after.memory - before.memory) / 1e6], worst_bar=GROWTH),
        Figure(f"{calls} calls one after another: file descriptors left", "", [after.descriptors - before.descriptors], worst_bar=0),
        Figure(f"{calls} calls one after another: threads left", "", [after.threads - before.threads], worst_bar=0),
    ]


async def _one_after_another(server: Program, calls: int) -> list[float]:
    """How long each took to connect, in ms."""
    connects = []
    for _ in range(calls):
        async with Caller(over_http(server.url)) as caller:
            connects.append(1000 * caller.setup.connected)
    await asyncio.sleep(SETTLE)
    return connects


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="(default: %(default)s)")
    figures = asyncio.run(churn(parser.parse_args().calls))
    print(table(figures))
    return 0 if all(each.reached() for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
