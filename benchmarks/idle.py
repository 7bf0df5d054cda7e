"""What a call costs while nobody speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from benchmarks.figures import Figure
from benchmarks.processes import server
from voicegraph.testing.caller import Caller, over_http

SETTLE = 2.0
WINDOW = 10.0


async def idle(graph: str) -> list[Figure]:
    """CPU of the server process with one silent call, less what it uses without any; percent of a core. Memory of the first call."""
    async with server(graph) as program:
        await asyncio.sleep(SETTLE)
        alone, memory = await _percent(program.cpu_seconds), program.memory()
        async with Caller(over_http(program.url)):
            await asyncio.sleep(SETTLE)
            calling = await _percent(program.cpu_seconds)
            grown = program.memory() - memory
    return [
        Figure(f"{graph}: an idle call", "% of a core", [calling - alone], worst_bar=5.0),
        Figure(f"{graph}: memory of the first call", "MB", [grown / 1e6]),
    ]


async def _percent(cpu_seconds: Callable[[], float]) -> float:
    clock = asyncio.get_running_loop().time
    at, used = clock(), cpu_seconds()
    await asyncio.sleep(WINDOW)
    return 100 * (cpu_seconds() - used) / (clock() - at)
