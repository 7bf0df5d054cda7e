"""The programs under measurement, each in a process of its own: the server, and the stand-in for Mistral."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

URL = re.compile(r"http://\S+")
STOP_LIMIT = 5.0

QUESTION = "could you tell me what the weather is going to be like tomorrow?"
OVER = "no wait, please stop, I would like to know something else."
REPLY = "Tomorrow will be mostly sunny, with a light wind from the west. " * 6
DELAYS = ("final=100ms", "eager_end=200ms", "first_token=150ms", "per_token=10ms", "first_sound=100ms")
"""The stand-in's delays for all figures: the same for every program that is compared."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process that has said its URL. `ready`: seconds from its start to that."""

    url: str
    pid: int
    ready: float

    def cpu_seconds(self) -> float:
        """CPU time used so far, all threads (Linux).

        From the scheduler's own count of nanoseconds: `/proc/PID/stat` samples at 100 Hz, which bursts of microseconds slip through or overfill."""
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in Path(f"/proc/{self.pid}/task").iterdir()) / 1e9

    def memory(self) -> int:
        """Resident bytes (Linux)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def program(arguments: Sequence[str], environ: dict[str, str] | None = None) -> AsyncIterator[Program]:
    """Run `python -m …` until the block is left; it is ready when it prints a URL."""
    clock = asyncio.get_running_loop().time
    began = clock()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *arguments, env=os.environ | (environ or {}), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if (found := URL.search(line.decode())) is not None:
                yield Program(found[0], process.pid, clock() - began)
                break
        else:
            raise RuntimeError(f"python -m {' '.join(arguments)} ended before it was ready")
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), STOP_LIMIT)


@asynccontextmanager
async def server(graph: str, delays: Sequence[str] = DELAYS) -> AsyncIterator[Program]:
    """`voicegraph serve` with this graph, its Mistral played by the stand-in."""
    script = ["--utterance", QUESTION, "--utterance", OVER, "--reply", REPLY]
    slow = [argument for delay in delays for argument in ("--delay", delay)]
    async with program(["voicegraph.testing.mistral", *script, *slow]) as mistral, serving(graph, mistral.url) as running:
        yield running


@asynccontextmanager
async def serving(graph: str, mistral: str) -> AsyncIterator[Program]:
    """`voicegraph serve` with this graph (a name or a file), and the Mistral that answers at this URL."""
    environ = {"MISTRAL_API_KEY": "none-needed", "MISTRAL_BASE_URL": mistral}
    async with program(["voicegraph", "serve", "--port", "0", "--graph", graph], environ) as running:
        yield running
