"""The caller's sound, by the public API of aiortc: its jitter buffer holds everything back by 80 ms. `fastpath` is quicker, where it fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from voicegraph.audio.resample import StreamResampler
from voicegraph.core.sound import Pcm
from voicegraph.graph.line import Hear


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
        self._rate = 0
        self._resampler: StreamResampler | None = None
        """Made for the rate of the first frame."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._read(), name="caller's track")

    def listen(self, rate: int, hear: Hear) -> None:
        self._hear, self._rate = hear, rate
        self._resampler = None

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
            if self._hear is not None and isinstance(frame, AudioFrame):
                self._resampler = self._resampler or StreamResampler(frame.sample_rate, self._rate)
                self._hear(self._resampler.feed(_mono(frame)), self._loop.time())


def _mono(frame: AudioFrame) -> Pcm:
    """The channels' mean of a decoded frame, which is interleaved int16."""
    samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
    return np.asarray(samples.mean(axis=1), np.int16)
