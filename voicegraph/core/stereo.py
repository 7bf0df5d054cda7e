"""Two mono streams side by side, each at its place in time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from voicegraph.core.sound import Pcm

Side = Literal[0, 1]


class Stereo:
    """Makes of two streams that arrive piece by piece one stereo stream without holes.

    rate: Hz of everything. A side that is silent, late or not there at all is filled up with silence once it is `patience` seconds behind the other.
    Pieces are joined as they come, because the times at which packets arrive waver; only where a piece lies more than `tolerance` seconds away from
    the end of the former one does its time count: then there is silence before it, or its beginning is left out.
    """

    def __init__(self, rate: int, patience: float = 1.0, tolerance: float = 0.25) -> None:
        self._rate = rate
        self._patience = int(patience * rate)
        self._tolerance = int(tolerance * rate)
        self._origin: float | None = None
        self._held: tuple[list[Pcm], list[Pcm]] = ([], [])
        self._ends = [0, 0]
        self._given = 0

    def add(self, side: Side, pcm: Pcm, t: float) -> Pcm:
        """A piece of one side, whose first sample belongs at `t` seconds. Returns what is complete: interleaved samples (left, right, left …)."""
        if self._origin is None:
            self._origin = t
        behind = round((t - self._origin) * self._rate) - self._ends[side]
        if behind > self._tolerance or not self._ends[side]:
            self._put(side, np.zeros(max(behind, 0), np.int16))
        elif -behind > self._tolerance:
            pcm = pcm[-behind:]
        self._put(side, pcm)
        for other in (0, 1):
            self._put(other, np.zeros(max(0, max(self._ends) - self._patience - self._ends[other]), np.int16))
        return self._take(min(self._ends) - self._given)

    def rest(self) -> Pcm:
        """The streams are over: what is left, the shorter side filled up with silence."""
        for side in (0, 1):
            self._put(side, np.zeros(max(self._ends) - self._ends[side], np.int16))
        return self._take(max(self._ends) - self._given)

    def _put(self, side: int, pcm: Pcm) -> None:
        if len(pcm):
            self._held[side].append(pcm)
            self._ends[side] += len(pcm)

    def _take(self, n: int) -> Pcm:
        if n <= 0:
            return np.zeros(0, np.int16)
        frames = np.empty((n, 2), np.int16)
        for side, held in enumerate(self._held):
            joined = np.concatenate(held)
            frames[:, side] = joined[:n]
            held[:] = [joined[n:]]
        self._given += n
        return frames.reshape(-1)
