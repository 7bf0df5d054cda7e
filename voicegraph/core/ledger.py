"""The ledger of one reply: which words its samples speak, and so what the caller has heard when a sample has left."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

TYPICAL_CHARACTERS_PER_SECOND = 15.0
"""How fast synthetic voices speak English, for a piece whose length is not known yet when nothing better is."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Span:
    """The piece of a reply's text (usually a clause or a sentence) that some audio speaks. `at`: offset of its first character in the reply.

    `spoken` False: it is for the screen only and has no sound; it has reached the caller when all that stands before it has."""

    text: str
    at: int
    spoken: bool = True

    @property
    def end(self) -> int:
        return self.at + len(self.text)


@dataclass(frozen=True, slots=True)
class Mark:
    """A word timing: the word at character `at` of the reply begins `seconds` after the first sample of the frame that carries the mark."""

    seconds: float
    at: int


@dataclass(slots=True)
class _Piece:
    span: Span
    start: int
    samples: int
    voiced: int
    """Up to its last audible sample: voices end a sentence with a silence that speaks no word."""
    ended: bool
    marks: list[tuple[int, int]]
    """(sample, character), both counted from the start of the reply."""


_NOTHING = (math.inf, -math.inf, "")
"""Since which sample, until which, and what is heard meanwhile: no sample at all."""


class Ledger:
    """Append sound as it is written into the playout; ask `heard(played)` at any time.

    A word counts as heard when more than half of it has left: from its word timing where there is one, else by its place in the piece of text
    that the sound belongs to, taken as spoken evenly. While a piece is still being made its length is guessed from how fast the pieces before
    were spoken. A span that begins inside of the one before it takes over from there: another voice goes on.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.samples = 0
        self._pieces: list[_Piece] = []
        self._known = _NOTHING

    def append(self, samples: int, span: Span | None, marks: Sequence[Mark], ends: bool, voiced: int | None = None) -> None:
        """`samples` more of sound, which speak `span`; `marks` count from the first of them; `ends`: the span has no more.

        voiced: how many of them until the last that can be heard (None: all)."""
        self._known = _NOTHING
        if span is not None:
            piece = self._piece_for(span)
            piece.marks.extend((self.samples + round(mark.seconds * self.rate), mark.at) for mark in marks)
            piece.samples = self.samples + samples - piece.start
            if voiced is None or voiced:
                piece.voiced = piece.samples - samples + (samples if voiced is None else voiced)
            piece.ended = piece.ended or ends
        self.samples += samples

    def finish(self) -> None:
        """There is no more sound: what the last piece has is all of it."""
        self._known = _NOTHING
        if self._pieces:
            self._pieces[-1].ended = True

    def heard(self, played: int) -> str:
        """The text that the caller has heard when the first `played` samples have left."""
        since, until, text = self._known
        if not since <= played <= until:
            until, text = self._found(played)
            self._known = (played, until, text)
        return text

    def _found(self, played: int) -> tuple[float, str]:
        """Until which sample what is heard, and that: it is asked for every packet and changes with every word."""
        heard: list[str] = []
        for piece in self._pieces:
            done = played - piece.start
            if done < 0 or (done == 0 and piece.samples):
                return played, "".join(heard)
            if not piece.ended or done < piece.samples:
                until, part = self._part(piece, done)
                return piece.start + until, "".join([*heard, part])
            heard.append(piece.span.text)
        return math.inf, "".join(heard)

    def _piece_for(self, span: Span) -> _Piece:
        if self._pieces:
            last = self._pieces[-1]
            if last.span == span:
                return last
            last.ended = True
            if span.at < last.span.end:
                last.span = Span(last.span.text[: max(span.at - last.span.at, 0)], last.span.at)
        piece = _Piece(span, self.samples, 0, 0, ended=False, marks=[])
        self._pieces.append(piece)
        return piece

    def _part(self, piece: _Piece, done: int) -> tuple[float, str]:
        """The words of a piece of which more than half has left after `done` of its samples, behind the sample until which no word is added."""
        length = self._length(piece)
        begins = dict(_timings(piece))
        heard = 0
        until = piece.samples - 1 if piece.ended else math.inf
        for word in _WORD.finditer(piece.span.text):
            begin = begins.get(word.start(), length * word.start() / max(len(piece.span.text), 1))
            end = begins.get(_next_word(piece.span.text, word.end()), length * word.end() / max(len(piece.span.text), 1))
            if done <= (half := (begin + max(end, begin)) / 2):
                until = min(until, math.floor(half))  # samples are whole
                break
            heard = word.end()
        return until, piece.span.text[:heard]

    def _length(self, piece: _Piece) -> float:
        """How many samples the whole piece has, as far as can be known."""
        if piece.ended:
            return piece.voiced or piece.samples
        ended = [each for each in self._pieces if each.ended and each.samples]
        characters = sum(len(each.span.text) for each in ended)
        pace = sum(each.voiced for each in ended) / characters if characters else self.rate / TYPICAL_CHARACTERS_PER_SECOND
        return max(piece.voiced, pace * len(piece.span.text))


def _timings(piece: _Piece) -> list[tuple[int, int]]:
    """(character, sample) of the piece's marks, both counted from its start."""
    return [(at - piece.span.at, sample - piece.start) for sample, at in piece.marks]


def _next_word(text: str, after: int) -> int:
    match = _WORD.search(text, after)
    return match.start() if match else -1
