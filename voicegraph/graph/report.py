"""What is found wrong in a graph file, and the small turns of phrase that the sentences share."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from voicegraph.errors import GraphError, Mistake
from voicegraph.graph.spec import Position


class Report:
    """Collects the mistakes of a stage, so that they are all told at once, and notes that do not stop a graph from running."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.notes: list[Mistake] = []

    def mistake(self, at: Position, sentence: str) -> None:
        self._add(self.mistakes, at, sentence)

    def note(self, at: Position, sentence: str) -> None:
        self._add(self.notes, at, sentence)

    def end_stage(self) -> None:
        """Raise GraphError if anything was wrong so far: the next stage would only repeat it in other words."""
        if self.mistakes:
            raise GraphError(self.mistakes)

    @staticmethod
    def _add(where: list[Mistake], at: Position, sentence: str) -> None:
        found = Mistake(at.file, at.line, at.column, sentence)
        if found not in where:
            where.append(found)


def listed(words: Iterable[str], joint: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that was probably meant."""
    found = get_close_matches(word, list(known), n=1, cutoff=likeness)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """` (did you mean 'x'?)`, or nothing when no known word is close."""
    meant = closest(word, known, likeness)
    return f" (did you mean '{meant}'?)" if meant else ""
