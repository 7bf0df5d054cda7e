"""What a call costs while nobody speaks."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from benchmarks.figures import Figure
from benchmarks.processes import Program, server
from voicegraph.testing.caller import Caller, over_http

SETTLE = 2.0
WINDOW = 10.0
MANY = 5


async def idle(graph: str) -> list[Figure]:
    """CPU of the server process with silent calls, whose microphones send all the time, as browsers do; and the memory of the first call."""
    async with server(graph) as program, AsyncExitStack() as calls:
        await asyncio.sleep(SETTLE)
        alone, memory = await _percent(program), program.memory()
        await calls.enter_async_context(Caller(over_http(program.url)))
        one, grown = await _percent(program) - alone, program.memory() - memory
        for _ in range(MANY - 1):
            await calls.enter_async_context(Caller(over_http(program.url)))
        each = (await _percent(program) - alone) / MANY
    return [
        Figure(f"{graph}: an idle call, the only one", "% of a core", [one], worst_bar=5.0),
        Figure(f"{graph}: an idle call, one of {MANY}", "% of a core", [each], worst_bar=5.0),
        Figure(f"{graph}: memory of the first call", "MB", [grown / 1e6]),
    ]


async def _percent(program: Program) -> float:
    await asyncio.sleep(SETTLE)
    clock = asyncio.get_running_loop().time
    at, used = clock(), program.cpu_seconds()
    await asyncio.sleep(WINDOW)
    return 100 * (program.cpu_seconds() - used) / (clock() - at)
