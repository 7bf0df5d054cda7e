"""A call in one direction: sound goes in, out of a file or a pipe, and what the graph tells comes out. Nobody is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

import numpy as np

from voicegraph.audio.resample import StreamResampler
from voicegraph.core.sound import Pcm
from voicegraph.graph.line import Asleep, Hear, Message, Obey, Pull, never

TICK = 0.02
"""Seconds of sound per step, as in an RTP packet."""


class OneWayLine:
    """The `Line` of such a call. tell: gets every message."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._hear: Hear | None = None
        self._ears = 0

    def listen(self, rate: int, hear: Hear) -> None:
        self._ears, self._hear = rate, hear

    def obey(self, take: Obey) -> None:
        """Nobody types here."""

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        """Nobody listens here."""

    def wake(self) -> None:
        """Nor can anybody be woken."""

    def tell(self, message: Message) -> None:
        self._tell(message)

    async def speak(self, sound: AsyncIterator[Pcm], rate: int) -> None:
        """Let the graph hear it, mono int16 at `rate` Hz, as fast as it comes."""
        if self._hear is None:
            return
        resampler = StreamResampler(rate, self._ears)
        async for pcm in sound:
            self._hear(resampler.feed(pcm), asyncio.get_running_loop().time())


async def in_time(pcm: Pcm, rate: int) -> AsyncIterator[Pcm]:
    """A recording as somebody would speak it, in steps of TICK by the loop's clock."""
    loop = asyncio.get_running_loop()
    begin, size = loop.time(), round(rate * TICK)
    for step, at in enumerate(range(0, len(pcm), size), 1):
        yield pcm[at : at + size]
        await asyncio.sleep(begin + step * TICK - loop.time())


async def from_pipe(pipe: BinaryIO, rate: int) -> AsyncIterator[Pcm]:
    """Raw mono int16, little endian, until the pipe ends."""
    size = 2 * round(rate * TICK)
    while piece := await asyncio.to_thread(pipe.read, size):
        yield np.frombuffer(piece[: len(piece) // 2 * 2], "<i2").astype(np.int16)


async def silence(seconds: float, rate: int) -> AsyncIterator[Pcm]:
    """Somebody who has finished and stays on the line."""
    async for pcm in in_time(np.zeros(round(seconds * rate), np.int16), rate):
        yield pcm
