"""What the caller has said and nobody has answered yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voicegraph.core.endpoint import plain


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of transcript between two flushes or turn events; `text` is all of it so far."""

    number: int
    text: str
    final: bool
    language: str | None


class Unanswered:
    """Segments come in any order and grow; a *set* of numbers remembers which are answered, so a late one before a newer one is not lost."""

    def __init__(self) -> None:
        self._segments: dict[int, Segment] = {}
        self._answered: dict[int, Segment] = {}

    def hear(self, segment: Segment) -> bool:
        """Take in a snapshot. True when it belongs to a segment that is answered already: it can only amend that."""
        if segment.number in self._answered:
            self._answered[segment.number] = segment
            return True
        before = self._segments.get(segment.number)
        if before is None or not before.final or segment.final:
            self._segments[segment.number] = segment
        return False

    def answered(self, numbers: Iterable[int]) -> None:
        """The caller has heard the beginning of the answer to these segments, or they need none."""
        for number in numbers:
            if number in self._segments:
                self._answered[number] = self._segments.pop(number)

    def numbers(self) -> frozenset[int]:
        """The segments with words in them."""
        return frozenset(number for number, segment in self._segments.items() if plain(segment.text))

    def text(self, but: frozenset[int] = frozenset()) -> str:
        """The words in the order in which they were spoken, without the segments in `but`."""
        return _join(segment for number, segment in sorted(self._segments.items()) if number not in but)

    def text_of(self, numbers: Iterable[int]) -> str:
        """The words of these segments as they are known now, answered or not."""
        known = self._answered | self._segments
        return _join(known[number] for number in sorted(numbers) if number in known)

    def settled(self, but: frozenset[int] = frozenset()) -> bool:
        """Whether every segment with words is final."""
        return all(segment.final for number, segment in self._segments.items() if number not in but and plain(segment.text))

    def language(self) -> str | None:
        return next((each.language for _, each in sorted(self._segments.items(), reverse=True) if each.language), None)


def _join(segments: Iterable[Segment]) -> str:
    return " ".join(text for segment in segments if (text := segment.text.strip()))
