"""Captions out of two transcripts of the same voice: the one that is surer, then what the quicker one has heard beyond it.

Both are streams of numbered segments with cumulative text, and their segments need not agree. Where the sure text ends in the quick one is found by
comparing their last words (difflib's longest matching blocks): a word that one of them missed or heard otherwise does not move the border for long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from voicegraph.core.endpoint import plain

WINDOW = 40
"""Words of the sure text, counted from its end, that are looked for in the quick one."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]\s*|[^\s\u3040-\u30ff\u3400-\u9fff]+\s*")
"""A word with the space behind it, or one character of a script without spaces."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of captions, which is a segment of the sure transcript. settled: its text. ahead: what the quick one has beyond it; when the line is
    `final`, that belongs to the next one."""

    number: int
    settled: str
    ahead: str
    final: bool


class Captions:
    """`fast` and `slow` take a snapshot of a segment each; both give the lines that it changes."""

    def __init__(self) -> None:
        self._fast: dict[int, str] = {}
        """Segments of the quick transcript that are not settled to their end."""
        self._settled: dict[int, int] = {}
        """How many words of them are."""
        self._first = 0
        """Segments of the quick transcript before this one are settled."""
        self._number = 0
        self._slow = ""
        self._told: Line | None = None

    def fast(self, segment: int, text: str) -> list[Line]:
        """A snapshot of the quick transcript."""
        if segment >= self._first:
            self._fast[segment] = text
        return self._tell(final=False)

    def slow(self, segment: int, text: str, final: bool) -> list[Line]:
        """A snapshot of the sure transcript; one of a line that is final already only corrects that."""
        if segment < self._number:
            return [Line(segment, text.strip(), "", True)] if final and text.strip() else []
        self._number, self._slow = segment, text.strip()
        lines = self._tell(final)
        if final:
            self._settle()
            lines += self._tell(final=False)
        return lines

    def _tell(self, final: bool) -> list[Line]:
        ahead = [] if final else self._pending()
        line = Line(self._number, self._slow, "".join(ahead[border(words(self._slow), ahead) :]).strip(), final)
        if line == self._told or not (line.settled or line.ahead):
            return []
        self._told = line
        return [line]

    def _pending(self) -> list[str]:
        return [word for segment in sorted(self._fast) for word in words(self._fast[segment] + " ")[self._settled.get(segment, 0) :]]

    def _settle(self) -> None:
        """The line is over: what it holds of the quick transcript is not ahead any more."""
        count = border(words(self._slow), self._pending())
        for segment in sorted(self._fast):
            left = len(words(self._fast[segment])) - self._settled.get(segment, 0)
            taken = min(max(left, 0), count)
            self._settled[segment] = self._settled.get(segment, 0) + taken
            count -= taken
            if taken == left and segment != max(self._fast):
                self._first = segment + 1
        for segment in [each for each in self._fast if each < self._first]:
            del self._fast[segment], self._settled[segment]
        self._number, self._slow = self._number + 1, ""


def words(text: str) -> list[str]:
    """The text in words, each with the white space that follows it."""
    return _WORD.findall(text)


def border(settled: Sequence[str], pending: Sequence[str]) -> int:
    """How many of the `pending` words say what the `settled` ones say."""
    if not settled:
        return 0
    known = [plain(word) for word in settled[-WINDOW:]]
    before = max(0, len(settled) - 2 * WINDOW)
    heard = [plain(word) for word in pending[before : len(settled) + 2 * WINDOW]]
    blocks = SequenceMatcher(None, known, heard, autojunk=False).get_matching_blocks()[:-1]
    if not blocks:
        return min(len(settled), len(pending))
    last = blocks[-1]
    return min(before + last.b + last.size + len(known) - last.a - last.size, len(pending))
