"""The caller's sound, by the public API of aiortc: its jitter buffer holds everything back by 80 ms. `fastpath` is quicker, where it fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from voicegraph.graph.line import Hear
from voicegraph.rtc.opus import Resampler


class Inbound(Protocol):
    """Where the caller's sound comes in."""

    def listen(self, rate: int, hear: Hear) -> None:
        """From now on call `hear(pcm, t)`: mono int16 at `rate` Hz, `t` the loop time at which its last sample arrived."""

    async def close(self) -> None:
        """Give back what it holds; nothing is heard any more."""


class TrackReader:
    """Reads decoded frames from the track. `seen` is called at each of them."""

    def __init__(self, track: MediaStreamTrack, seen: Callable[[], None]) -> None:
        self._track = track
        self._seen = seen
        self._hear: Hear | None = None
        self._resampler: Resampler | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._read(), name="caller's track")

    def listen(self, rate: int, hear: Hear) -> None:
        self._hear = hear
        self._resampler = Resampler(rate)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read(self) -> None:
        while True:
            try:
                frame = await self._track.recv()
            except MediaStreamError:
                return
            self._seen()
            if self._hear is not None and self._resampler is not None and isinstance(frame, AudioFrame):
                self._hear(self._resampler.resample(frame), self._loop.time())
