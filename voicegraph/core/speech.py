"""From the flickering decisions of a voice activity detector, frame by frame, to the facts that speech started and stopped."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voicegraph.core.sound import Pcm

SILENCE = -100.0
"""The level of digital silence in dB; nothing is reported below it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Speech started (`on`) or stopped. `t`, in seconds, is when it did, which is before it was certain."""

    on: bool
    t: float


def level(pcm: Pcm) -> float:
    """The RMS level of int16 samples in dB relative to full scale: 0 for a square wave at full scale, never below -100."""
    if not len(pcm):
        return SILENCE
    samples = pcm.astype(np.float32)
    mean_square = float(np.dot(samples, samples)) / len(samples) / 32768.0**2
    return max(SILENCE, 10 * math.log10(mean_square)) if mean_square else SILENCE


class SpeechGate:
    """Hysteresis over voiced and unvoiced frames.

    Silence turns into speech when voiced frames add up to `start` seconds, speech into silence when unvoiced ones add up to `stop`. A single frame in
    between that says otherwise is forgiven, two in a row begin the count anew."""

    def __init__(self, start: float, stop: float) -> None:
        self._needed = {True: start, False: stop}
        self.on = False
        self._contrary = 0.0
        self._since = 0.0
        self._slips = 0

    def feed(self, voiced: bool, seconds: float, now: float) -> Edge | None:
        """Take the decision on a frame of `seconds` that ended at `now`; returns the change that it makes certain, dated back to where it began."""
        if voiced == self.on:
            self._slips += 1
            if self._slips > 1:
                self._contrary = 0.0
            return None
        if not self._contrary:
            self._since = now - seconds
        self._slips = 0
        self._contrary += seconds
        if self._contrary < self._needed[voiced] - 1e-9:
            return None
        self.on, self._contrary = voiced, 0.0
        return Edge(voiced, self._since)


class Blocks:
    """Re-cuts chunks of any length into blocks of `size` samples."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._rest: Pcm = np.zeros(0, np.int16)

    def feed(self, pcm: Pcm) -> Iterator[tuple[Pcm, int]]:
        """Each complete block, with the number of samples of this chunk that come after it. What is left waits for the next chunk."""
        samples = np.concatenate((self._rest, pcm)) if len(self._rest) else pcm
        whole = len(samples) - len(samples) % self.size
        self._rest = samples[whole:].copy()
        for end in range(self.size, whole + 1, self.size):
            yield samples[end - self.size : end], len(samples) - end


class PreRoll:
    """The last `size` samples or a little more: what was heard before speech was certain."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._chunks: deque[Pcm] = deque()
        self._held = 0

    def add(self, pcm: Pcm) -> None:
        """More sound, which may push out the oldest."""
        self._chunks.append(pcm)
        self._held += len(pcm)
        while self._held - len(self._chunks[0]) >= self.size:
            self._held -= len(self._chunks.popleft())

    def take(self) -> Pcm:
        """All that is held, which then is forgotten."""
        held = np.concatenate([np.zeros(0, np.int16), *self._chunks])
        self._chunks.clear()
        self._held = 0
        return held
