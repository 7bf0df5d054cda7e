"""Cutting what was said between two presses of a button out of the sound that comes in all the time."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicegraph.core.sound import Pcm


class Clips:
    """Feed it all sound with `add`; between `open` and `close` it is kept.

    rate: Hz. pre_roll: seconds before the press that belong to the clip, since people begin to speak while they press. longest: seconds of a clip,
    which ends there.
    """

    def __init__(self, rate: int, pre_roll: float, longest: float) -> None:
        self._pre_roll = round(pre_roll * rate)
        self._longest = round(longest * rate)
        self._kept: deque[Pcm] = deque()
        self._length = 0
        self.is_open = False

    def open(self) -> None:
        """The button is pressed. Without effect while it is held already."""
        self.is_open = True

    def add(self, pcm: Pcm) -> Pcm | None:
        """More sound; the clip, when it has become as long as it may."""
        self._kept.append(pcm)
        self._length += len(pcm)
        if self.is_open:
            return self.close() if self._length >= self._longest else None
        while self._kept and self._length - len(self._kept[0]) >= self._pre_roll:
            self._length -= len(self._kept.popleft())
        return None

    def close(self) -> Pcm | None:
        """The button is let go: the clip, None where it was not pressed."""
        if not self.is_open:
            return None
        clip = np.concatenate([np.zeros(0, np.int16), *self._kept])[: self._longest]
        self._kept.clear()
        self._length, self.is_open = 0, False
        return clip
