"""What the caller has said and nobody has answered yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from voicegraph.core.backchannels import is_backchannel
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
        self._ignored: dict[int, Segment] = {}
        self._heads: dict[int, int] = {}
        """How many of a segment's first words were answered before more of it was said."""

    def hear(self, segment: Segment) -> bool:
        """Take in a snapshot. True when it belongs to a segment that is answered already: it can only amend that."""
        number = segment.number
        if head := self._heads.get(number):
            segment = replace(segment, text=" ".join(segment.text.split()[head:]))
        shelf = next((shelf for shelf in (self._segments, self._answered, self._ignored) if number in shelf), self._segments)
        before = shelf.get(number)
        if before is not None and before.final and not segment.final:
            return False  # older than what is known
        if shelf is self._ignored and plain(segment.text) != plain(shelf[number].text):
            del shelf[number]  # it was the beginning of more
            shelf = self._segments
        shelf[number] = segment
        if segment.final and not plain(segment.text):
            self.ignore([number])
        return shelf is self._answered

    def answered(self, numbers: Iterable[int]) -> None:
        """The caller has heard the beginning of the answer to these segments."""
        self._answered |= self._taken(numbers)

    def reopen(self, number: int) -> None:
        """More is being said in a segment that was answered: what comes beyond the words that are known of it wants an answer of its own."""
        if (answered := self._answered.get(number)) is not None and number not in self._segments:
            self._heads[number] = self._heads.get(number, 0) + len(answered.text.split())
            self._segments[number] = replace(answered, text="", final=False)

    def ignore(self, numbers: Iterable[int]) -> None:
        """These segments need no answer, unless more words come to them."""
        self._ignored |= self._taken(numbers)

    def _taken(self, numbers: Iterable[int]) -> dict[int, Segment]:
        return {number: self._segments.pop(number) for number in numbers if number in self._segments}

    def numbers(self) -> frozenset[int]:
        """The segments with words in them."""
        return frozenset(number for number, segment in self._segments.items() if plain(segment.text))

    def listening(self, phrases: Collection[str]) -> frozenset[int]:
        """The segments that are nothing but sounds of listening, which `phrases` names."""
        return frozenset(number for number, segment in self._segments.items() if is_backchannel(segment.text, phrases))

    def text(self, but: frozenset[int] = frozenset()) -> str:
        """The words in the order in which they were spoken, without the segments in `but`."""
        return _join(segment for number, segment in sorted(self._segments.items()) if number not in but)

    def text_of(self, numbers: Iterable[int]) -> str:
        """The words of these segments as they are known now, answered or not."""
        return _join(segment for number in sorted(numbers) if (segment := self._answered.get(number) or self._segments.get(number)))

    def settled(self, but: frozenset[int] = frozenset()) -> bool:
        """Whether every segment with words is final."""
        return all(segment.final for number, segment in self._segments.items() if number not in but and plain(segment.text))

    def language(self) -> str | None:
        return next((each.language for _, each in sorted(self._segments.items(), reverse=True) if each.language), None)


def _join(segments: Iterable[Segment]) -> str:
    return " ".join(text for segment in segments if (text := segment.text.strip()))
