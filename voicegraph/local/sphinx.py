"""Speech recognition with pocketsphinx, in processes of its own (why: see `sphinx_worker`)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from voicegraph.clock import outside
from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.local import sphinx_worker

RATE = 16000
"""Hz of the sound that the model was trained on."""
CLOSE_LIMIT = 1.0


class Utterance:
    """What somebody says, while he says it."""

    def __init__(self, pcm: Pcm) -> None:
        self._chunks: asyncio.Queue[Pcm | None] = asyncio.Queue()
        self.add(pcm)

    def add(self, pcm: Pcm) -> None:
        self._chunks.put_nowait(pcm)

    def end(self) -> None:
        self._chunks.put_nowait(None)

    async def take(self, least: int) -> tuple[Pcm, bool]:
        """The next `least` samples or a little more, or what is left; and whether the utterance is over."""
        chunks = [np.zeros(0, np.int16)]
        while sum(map(len, chunks)) < least:
            chunk = await self._chunks.get()
            if chunk is None:
                return np.concatenate(chunks), True
            chunks.append(chunk)
        return np.concatenate(chunks), False


class SphinxEngine:
    """The recognisers of this process: one is lent to an utterance, idle ones wait warm, more start when several callers speak at once.

    Each takes 90 MB and a sixth of a core while somebody speaks. There are at most as many as cores; who comes when all are lent waits, and its sound
    with it.
    """

    def __init__(self, most: int | None = None) -> None:
        self._limit = asyncio.Semaphore(most or os.cpu_count() or 1)
        self._all: set[SphinxProcess] = set()
        self._idle: list[SphinxProcess] = []

    async def load(self, phrases: Sequence[str]) -> None:
        """Have a recogniser ready that knows these phrases; CallFailed where pocketsphinx is not installed or does not know their words."""
        async with self.recogniser() as recogniser:
            await recogniser.begin(phrases)

    @asynccontextmanager
    async def recogniser(self) -> AsyncIterator[SphinxProcess]:
        """Borrow a recogniser for an utterance."""
        async with self._limit:
            process = self._idle.pop() if self._idle else await self._open()
            try:
                yield process
            finally:
                if process.works:
                    self._idle.append(process)
                else:
                    self._all.discard(process)

    async def close(self) -> None:
        processes, self._all, self._idle = self._all, set(), []
        await asyncio.gather(*(process.close() for process in processes))

    async def _open(self) -> SphinxProcess:
        if importlib.util.find_spec("pocketsphinx") is None:
            raise CallFailed("pocketsphinx is not installed: pip install 'voicegraph[local]'")
        with outside():
            process = await SphinxProcess.open()
        self._all.add(process)
        return process


class SphinxProcess:
    """One recogniser. A method that is cancelled leaves it usable: the answer that nobody waited for is skipped before the next one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._write = process.stdin
        self._read = process.stdout
        self._owed = 0

    @classmethod
    async def open(cls) -> SphinxProcess:
        """Start the process. It loads its model meanwhile: the first answer takes half a second."""
        script = str(Path(sphinx_worker.__file__))
        pipe = asyncio.subprocess.PIPE
        # -P: the folder of the script is no place to import from. A session of its own: Ctrl-C is for the server, which closes this process.
        return cls(await asyncio.create_subprocess_exec(sys.executable, "-P", script, stdin=pipe, stdout=pipe, start_new_session=True))

    @property
    def works(self) -> bool:
        return self._process.returncode is None

    async def begin(self, phrases: Sequence[str]) -> None:
        """A new utterance, limited to `phrases` if there are any; one that is running is given up. CallFailed: a word is not in the dictionary."""
        await self._ask({"do": "begin", "phrases": list(phrases)})

    async def feed(self, pcm: Pcm) -> str:
        """More of the utterance (mono int16, 16 kHz); returns the words so far, lower case without punctuation."""
        return await self._ask({"do": "feed", "bytes": pcm.nbytes}, pcm.tobytes())

    async def end(self) -> str:
        """The utterance is over; returns its words."""
        return await self._ask({"do": "end"})

    async def close(self) -> None:
        self._write.close()
        with outside():
            try:
                await asyncio.wait_for(self._process.wait(), CLOSE_LIMIT)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _ask(self, request: dict[str, Any], payload: bytes = b"") -> str:
        try:
            self._write.write(json.dumps(request).encode() + b"\n" + payload)
            self._owed += 1
            with outside():
                await self._write.drain()
                while self._owed:
                    line = await self._read.readline()
                    self._owed -= 1
        except ConnectionError:
            line = b""
        if not line:
            await self._process.wait()
            raise CallFailed("The speech recogniser stopped unexpectedly.")
        answer: dict[str, str] = json.loads(line)
        if "problem" in answer:
            raise CallFailed(answer["problem"])
        return answer["text"]
