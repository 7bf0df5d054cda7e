"""The programs under measurement, each in a process of its own: a server, and the stand-in for Mistral."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.machine import pin

URL = re.compile(r"http://\S+")
START_LIMIT = 90.0
STOP_LIMIT = 5.0
MAX_CALLS = 200
GRAPHS = Path(__file__).parent / "graphs"
"""Of the benchmarks alone."""

QUESTION = "could you tell me what the weather is going to be like tomorrow?"
OVER = "no wait, please stop, I would like to know something else."
REPLY = "Tomorrow will be mostly sunny, with a light wind from the west. " * 6
ASKED = "what is the weather like?"
"""By the lean callers, once in callers.microphone.CYCLE seconds."""
ANSWER = "Tomorrow will be mostly sunny, with a light wind from the west, and some rain late in the evening."
"""6 s at the stand-in's 60 ms a character: half of a cycle."""
LONG_ANSWER = ANSWER * 3
DELAYS = {"final": 0.1, "eager_end": 0.2, "first_token": 0.15, "per_token": 0.01, "first_sound": 0.1, "moderation": 0.1}
"""The stand-in's delays in seconds for all figures: the same for every program that is compared."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process that has said its URL. `ready`: seconds from its start to that."""

    url: str
    pid: int
    ready: float

    def cpu_seconds(self) -> float:
        """CPU time used so far, by all threads, those that have ended too (Linux).

        The process's own CPU clock, as clock_getcpuclockid(3) would name it: it counts nanoseconds, where `/proc/PID/stat` samples at 100 Hz, which
        bursts of microseconds slip through or overfill.
        """
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> int:
        """Resident bytes (Linux)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def threads(self) -> int:
        """How many it has now (Linux)."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    async def tasks(self) -> int:
        """How many asyncio tasks it has now, by its own word: all servers here have `GET /healthz`."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/healthz") as response:
            return int((await response.json())["tasks"])


Start = AbstractAsyncContextManager[Program]


@asynccontextmanager
async def program(command: Sequence[str], environ: Mapping[str, str] | None = None, *, server: bool = False) -> AsyncIterator[Program]:
    """Run a command until the block is left; it is ready when it prints a URL. `server`: it gets the core that nobody else has."""
    clock = asyncio.get_running_loop().time
    began = clock()
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | (environ or {}), stdout=asyncio.subprocess.PIPE)
    pin(process.pid, server=server)
    assert process.stdout is not None
    draining = None
    try:
        async with asyncio.timeout(START_LIMIT):
            url = await _said_url(process.stdout, command)
        draining = asyncio.create_task(process.stdout.read())  # so that a talkative program never waits for us
        yield Program(url, process.pid, clock() - began)
    finally:
        if draining is not None:
            draining.cancel()
        await _stop(process)


def python(module: str, *arguments: str) -> list[str]:
    """The command for a module in this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def stand_in(reply: str = REPLY, utterances: Sequence[str] = (QUESTION, OVER)) -> Start:
    """The stand-in for Mistral, with DELAYS."""
    delays = [argument for name, seconds in DELAYS.items() for argument in ("--delay", f"{name}={seconds}")]
    said = [argument for each in utterances for argument in ("--utterance", each)]
    return program(python("voicegraph.testing.mistral", *said, "--reply", reply, *delays))


def voicegraph(graph: str, mistral: str = "") -> Start:
    """`voicegraph serve` with this graph; `mistral`: the stand-in's URL."""
    environ = {"MISTRAL_API_KEY": "none-needed", "MISTRAL_BASE_URL": mistral} if mistral else {}
    return program(
        python("voicegraph", "serve", "--port", "0", "--workers", "1", "--graph", graph, "--max-calls", str(MAX_CALLS)), environ, server=True
    )


async def _said_url(output: asyncio.StreamReader, command: Sequence[str]) -> str:
    async for line in output:
        if (found := URL.search(line.decode(errors="replace"))) is not None:
            return found[0]
    raise RuntimeError(f"{' '.join(command)} ended before it was ready")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)  # SIGTERM would wait for calls to end
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()
