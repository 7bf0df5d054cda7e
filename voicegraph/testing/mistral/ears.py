"""Ears that cannot tell words but can tell speech from silence, by its energy."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicegraph.testing.mistral.encodings import Samples

FRAME = 0.02
"""Seconds of one verdict: a whole number of samples at every rate that the API takes."""
LAG = 0.04
"""Seconds by which a verdict is late, at either end of speech."""

_QUIETEST = -50.0  # dBFS: below it nothing is speech
_MARGIN = 9.0  # dB above the noise that speech must stand
_HYSTERESIS = 4.0  # dB by which speech may fall and still go on
_NOISE = (-70.0, -40.0)  # dBFS between which the noise is believed to be
_RISE = {False: 30.0 * FRAME, True: 3.0 * FRAME}  # dB per frame by which the noise may rise: slowly in speech, which is not to be learnt as noise
_FALL = 0.2  # the share of the way down to a quieter frame that the noise falls


class Ears:
    """Judges each 20 ms: speech stands 9 dB above a floor that follows the noise, in at least two of the last three frames.

    Two of three passes over clicks and over the shortest gaps inside a word. Pure: its clock is the count of samples.
    """

    def __init__(self, rate: int) -> None:
        """`rate` in Hz."""
        self._frame = round(rate * FRAME)
        self._rest: Samples = np.zeros(0, np.float32)
        self._noise = _NOISE[0]
        self._recent: deque[bool] = deque(maxlen=3)
        self._speech = False

    def hear(self, samples: Samples) -> list[bool]:
        """Whether there is speech, for each 20 ms that these samples complete."""
        sound = np.concatenate((self._rest, samples))
        count = len(sound) // self._frame
        frames = sound[: count * self._frame].reshape(count, self._frame)
        self._rest = sound[count * self._frame :]
        levels = 20 * np.log10(np.maximum(frames.std(axis=1), 1e-6))  # std: a constant offset is no sound
        return [self._judge(level) for level in levels.tolist()]

    def _judge(self, level: float) -> bool:
        threshold = max(_QUIETEST, self._noise + _MARGIN)
        self._recent.append(level > (threshold - _HYSTERESIS if self._speech else threshold))
        self._speech = sum(self._recent) >= 2
        step = (level - self._noise) * _FALL if level < self._noise else _RISE[self._speech]
        self._noise = min(max(self._noise + step, _NOISE[0]), _NOISE[1])
        return self._speech
