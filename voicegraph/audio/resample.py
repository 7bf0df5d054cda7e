"""Changing the rate of a stream of sound, chunk by chunk, as if it had been one piece (FFmpeg's libswresample)."""

from __future__ import annotations

import av
import numpy as np

from voicegraph.core.sound import Pcm


class StreamResampler:
    """One stream of mono int16 from `source` Hz to `target` Hz.

    Nothing is lost or shifted: the samples that come out, joined, begin with the first that went in, and after `flush()` there are
    `samples * target / source` of them, rounded up. Until then libswresample keeps back the 16 input samples (of the lower rate: 1 ms at 16 kHz, 2 ms
    at 8 kHz) that its filter looks ahead; that is all the delay it adds. Chunks may have any length.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        self._engine = self._fresh()

    def feed(self, pcm: Pcm) -> Pcm:
        """The sound that is ready, given this much more; may be empty."""
        if self.source == self.target:
            return pcm
        if not len(pcm):
            return np.zeros(0, np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = self.source
        return self._convert(frame)

    def flush(self) -> Pcm:
        """The stream is over: what was kept back. Afterwards a new stream may begin."""
        if self.source == self.target:
            return np.zeros(0, np.int16)
        rest = self._convert(None)
        self._engine = self._fresh()
        return rest

    def finish(self, pcm: Pcm) -> Pcm:
        """The last piece of the stream: all that is left of it."""
        return np.concatenate((self.feed(pcm), self.flush()))

    def _fresh(self) -> av.AudioResampler:
        return av.AudioResampler(format="s16", layout="mono", rate=self.target)

    def _convert(self, frame: av.AudioFrame | None) -> Pcm:
        pieces = [out.to_ndarray()[0] for out in self._engine.resample(frame)]
        if len(pieces) == 1:
            piece: Pcm = pieces[0]
            return piece
        return np.concatenate(pieces).astype(np.int16) if pieces else np.zeros(0, np.int16)


def resample(pcm: Pcm, source: int, target: int) -> Pcm:
    """A whole piece of sound at another rate."""
    return StreamResampler(source, target).finish(pcm)
