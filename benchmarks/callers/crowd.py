"""The harness's hold on the callers' process."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import pin

LARGEST_LINE = 1 << 24
"""Bytes: the lateness of every packet comes in one line."""
STOP_LIMIT = 10.0


class CrowdError(Exception):
    """The callers could not do what they were told; the message says why."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the callers heard in one measurement. Times in seconds.

    late: of each packet of each reply (lateness.py). missing: sound that is missing inside replies, all calls together; spoken: of so much reply.
    silent_calls: calls in which no reply was heard at all. lost: packets that did not arrive.
    sent_late: 99th percentile of how late the callers' own packets left; share: of a core that the callers' process took. Both are controls.
    """

    calls: int
    silent_calls: int
    late: Sequence[float]
    missing: float
    spoken: float
    lost: int
    sent_late: float
    share: float


class Crowd:
    """Callers of one server, in a process beside this one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def grow(self, to: int) -> list[float]:
        """Have so many callers. Gives the seconds that each new one took from its offer to its open data channel. Raises CrowdError."""
        found = await self._order(do="grow", to=to)
        return list(found["connected"])

    async def quiet(self) -> None:
        """Nobody speaks from now on, new callers neither."""
        await self._order(do="quiet")

    async def ask(self) -> None:
        """Everybody asks once, now."""
        await self._order(do="ask")

    async def converse(self) -> None:
        """Everybody asks again and again from now on, new callers too, each at a time of his own."""
        await self._order(do="converse")

    async def measure(self, seconds: float) -> Heard:
        """Listen for so long."""
        return Heard(**await self._order(do="measure", seconds=seconds))

    async def _order(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise CrowdError("the callers' process is gone")
        found: dict[str, Any] = json.loads(line)
        if "problem" in found:
            raise CrowdError(found["problem"])
        return found


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[Crowd]:
    """Callers of the server at this URL, none at first, on the cores that are not the server's."""
    arguments = [sys.executable, "-m", "benchmarks.callers", url]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, limit=LARGEST_LINE)
    pin(process.pid, server=False)
    try:
        yield Crowd(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()
