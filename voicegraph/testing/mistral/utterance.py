"""One scripted utterance, given out word by word while somebody speaks."""

from __future__ import annotations

from collections import deque
from itertools import accumulate

from voicegraph.testing.mistral.ears import FRAME


class Utterance:
    """Turns speech into words: one for so many seconds of speech, each `delay` after it was spoken. Pure: told the time on the audio's clock."""

    def __init__(self, text: str, *, phrased: bool, held: int, per_word: float, delay: float) -> None:
        """`text` may have `|` at its pauses, which count if it is `phrased`; its last `held` words never come by themselves. Seconds."""
        phrases = [phrase.split() for phrase in text.split("|")]
        self._words = [word for phrase in phrases for word in phrase]
        self._stops = list(accumulate(map(len, phrases))) if phrased else [len(self._words)]
        self._held, self._delay = held, delay
        self._per_word = round(per_word / FRAME)  # this and _spoken in frames
        self._stop = self._stops.pop(0)  # as far as the caller has got, in words
        self._spoken = 0
        self._coming: deque[float] = deque()  # when the next words come
        self._given = 0

    @property
    def text(self) -> str:
        return " ".join(self._words)

    def speak(self, now: float) -> None:
        """Another 20 ms of speech were heard, up to `now`."""
        self._spoken += 1
        next_word = self._given + len(self._coming)
        if next_word < self._stop - self._held and self._spoken >= (next_word + 1) * self._per_word:
            self._coming.append(now + self._delay)

    def due(self, now: float) -> list[str]:
        """The words that come by now, each with the space that follows it."""
        count = sum(when <= now for when in self._coming)
        return self._give(self._given + count)

    def pause(self) -> list[str]:
        """The words up to the pause that the caller is making."""
        return self._give(self._stop)

    def resume(self) -> None:
        """The caller goes on after the pause."""
        if self._stops and self._given == self._stop:
            self._stop = self._stops.pop(0)
            self._spoken = self._given * self._per_word

    def rest(self) -> list[str]:
        """All words that have not come yet."""
        return self._give(len(self._words))

    def _give(self, upto: int) -> list[str]:
        words = [f"{word} " for word in self._words[self._given : upto]]
        if words and upto == len(self._words):
            words[-1] = words[-1].rstrip()
        for _ in words[: len(self._coming)]:
            self._coming.popleft()
        self._given = max(upto, self._given)
        return words
