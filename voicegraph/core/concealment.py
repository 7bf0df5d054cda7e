"""Sound for the place of a lost packet."""

from __future__ import annotations

import numpy as np

from voicegraph.core.sound import Pcm

FADE = 0.060
"""Seconds until made-up sound is silent."""
REPEATED = 0.020
"""Seconds of the last real sound that are repeated."""


class Concealer:
    """Goes on from the last real sound, to and fro over its last 20 ms so that no edge is heard, and fades to silence."""

    def __init__(self, rate: int) -> None:
        self._period = int(rate * REPEATED)
        self._fade = rate * FADE
        self._last: Pcm = np.zeros(0, np.int16)
        self._made = 0

    def keep(self, pcm: Pcm) -> None:
        """Real sound has come."""
        self._last = pcm
        self._made = 0

    def conceal(self, n: int) -> Pcm:
        """The next n samples, made up."""
        at = np.arange(self._made, self._made + n)
        self._made += n
        last = self._last[-self._period :]
        if not last.any() or at.size == 0 or at[0] >= self._fade:
            return np.zeros(n, np.int16)
        swing = np.concatenate([last[::-1], last])
        gain = np.maximum(0.0, 1.0 - at / self._fade)
        return np.asarray(swing[at % swing.size] * gain, np.int16)
