"""Is this the agent's own voice, come back through the caller's microphone?"""

from __future__ import annotations

from collections import deque
from difflib import SequenceMatcher

from voicegraph.core.endpoint import plain

RECOGNITION = 4.0
"""Seconds that a word may take from the loudspeaker into the transcript: a streaming delay of up to 2.4 s, and last words that are held back."""
KEPT = 60.0
"""Seconds for which it is remembered what has left: more than anybody's echo says without a pause."""
ALIKE = 0.75
"""Share of the words that must be the reply's, in its order: recognition of a loudspeaker's sound is worse than of a mouth's."""
ANSWER = 2
"""Words up to which a repetition may as well be an answer ("Tuesday")."""

QUESTION = ("?", "？")
INTO_THE_END = 1.5
"""Seconds before the end of a question in which people begin to answer it."""


def is_echo(said: str, spoken: str) -> bool:
    """Whether `said` repeats a part of what was `spoken`, word for word or nearly so."""
    words, recent = plain(said).split(), plain(spoken).split()
    if not words:
        return False
    matcher = SequenceMatcher(None, recent, words, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) >= ALIKE * len(words)


class Echoes:
    """What has left of the replies and when, and so what may come back.

    delay: seconds from leaving here to the caller's ears, as the caller's client reports it."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.last = float("-inf")
        """When the last words left."""
        self.on_line = False
        """Whether this caller's line is known to bring the agent's voice back: then the voice detector says little while a reply sounds."""
        self._left: deque[tuple[float, str]] = deque()
        self._reply = ""
        self._came: dict[int, float] = {}
        """When words of each segment first came."""

    def begin(self) -> None:
        """A new reply."""
        self._reply = ""

    def left(self, now: float, text: str) -> None:
        """More words of the reply have left; `text` is all of them."""
        self._left.append((now, text[len(self._reply) :]))
        self._reply, self.last = text, now
        while self._left[0][0] < now - KEPT:
            self._left.popleft()

    def hear(self, now: float, segment: int) -> None:
        """Words of a segment have come."""
        self._came.setdefault(segment, now)

    def answers(self, segment: int) -> bool:
        """Whether the words of this segment came into the end of a question of the agent's."""
        return self._reply.rstrip().endswith(QUESTION) and self._came.get(segment, 0.0) >= self.last - INTO_THE_END

    def repeats(self, segment: int, text: str) -> bool:
        """Whether the words of this segment repeat what left since a little before the first of them came."""
        since = self._came.get(segment, self.last) - RECOGNITION - self.delay
        return is_echo(text, " ".join(words for at, words in self._left if at >= since))
