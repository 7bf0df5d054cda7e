"""Where to cut the text of a reply, as it streams in, into pieces to synthesise.

The first piece may be a clause of a few words, so that sound starts early; then whole sentences follow, because a voice needs a sentence to find its
melody. A border is judged by the text before it and at most three characters after it, so the pieces do not depend on how the text was chunked.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum

from voicegraph.core.ledger import Span

FIRST = 40
"""Characters after which the first piece is cut at a word when no clause has ended: two seconds of speech, time enough to make the second."""
LIMIT = 200
"""Characters of the longest later piece."""
SHORTEST = 15
"""Characters below which a later sentence ("Yes.") is spoken together with the next one."""
SOONEST = 0.3
"""The part of the limit that a piece must have before a clause is a good place to cut it."""
WIDE = 3
"""Letters that one ideograph, kana or Hangul syllable is worth, by the time that it takes to say it."""


class Border(IntEnum):
    """How good a place is for a cut."""

    NONE = 0
    WEAK = 1
    """Between two numbers, or between two characters of a script without spaces: only if there is nothing else."""
    WORD = 2
    CLAUSE = 3
    SENTENCE = 4


_OPENERS = "([{«‹„“‘「『（【¿¡\"'"
_CLOSERS = ")]}»›”’“‘」』）】\"'*_`"
_ENDS = "!?！？。｡؟।۔…"
_PAUSES = ",;:—–，、；：،؛"
_NOT_BEFORE = set(")]}»›」』）】,.;:%" + _ENDS + "，、；：،؛")
_NO_BREAK = "\u00a0\u202f\u2007"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Followed by a dot, these never end a sentence, even before a capital: titles, and what introduces something.
_NEVER = _words("""dr mr mrs ms prof st mme mlle hr fr hl gen sen rep capt lt
    vs bzw ca ggf evtl inkl sog approx incl cf e.g i.e z.b d.h o.ä u.u v.a p.ex""")
# Only before a number: alone, "No." is an answer.
_NUMBERED = _words("no nr fig p pp s art vol ch sec abs kap tel n°")
# May end a sentence; before a small letter or a digit they do not. The same holds for whatever has a dot inside ("p.m.", "u.s.w.").
_PERHAPS = _words("etc usw inc ltd co corp jr sr est dept al bros ave blvd rd str jh")
_GERMAN_MONTHS = _words("Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez")


def speakable(text: str) -> bool:
    """Whether there is anything to say in it: a letter or a digit. A voice given only dots or an emoji makes noises, or an error."""
    return any(map(str.isalnum, text))


def border(text: str, i: int, final: bool = False) -> Border | None:
    """What a cut before `text[i]` (0 < i < len) would be. None: more text must come first; never when `final`."""
    before, after = text[i - 1], text[i]
    if after in _NOT_BEFORE or _is_space(after) or unicodedata.category(after)[0] == "M":
        return Border.NONE
    if not _is_space(before):
        return _unspaced(before, after)
    head = text[:i].rstrip()
    if not head:
        return Border.NONE
    if "\n" in text[len(head) : i]:
        return Border.SENTENCE
    core = head.rstrip(_CLOSERS)
    if not core or core[-1] in _OPENERS:
        return Border.NONE if head[-1] in _OPENERS else Border.WORD
    if core[-1] == "." and not core.endswith(".."):
        return _full_stop(core[:-1], text[i : i + 3], final)
    return _spaced(core, after, quoted=len(core) < len(head))


def _is_space(char: str) -> bool:
    return char.isspace() and char not in _NO_BREAK


def _is_ideographic(char: str) -> bool:
    return "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


def _unspaced(before: str, after: str) -> Border:
    """Between two characters without a space: only after the marks of scripts without spaces, after a long dash, or inside such scripts."""
    if before in "。｡！？」』":
        return Border.SENTENCE if before not in "」』" else Border.WEAK
    if before in "，、；：—" and after not in _CLOSERS:
        return Border.CLAUSE
    return Border.WEAK if _is_ideographic(before) and _is_ideographic(after) else Border.NONE


def _spaced(core: str, after: str, quoted: bool) -> Border:
    """After a space; `core` is what stands before it without closing quotes and brackets."""
    last = core[-1]
    trails_off = last == "…" or core.endswith("..")
    if trails_off or last in _ENDS:
        return Border.CLAUSE if after.islower() and (quoted or trails_off) else Border.SENTENCE
    if last in _PAUSES or core.endswith(" -"):
        return Border.CLAUSE
    return Border.WEAK if last.isdigit() and after.isdigit() else Border.WORD


def _full_stop(sentence: str, after: str, final: bool) -> Border | None:
    """After a dot and a space: the end of a sentence, or an abbreviation, an initial, an ordinal, the number of a list's item."""
    lead, _, word = sentence.rpartition("\n")[2].rpartition(" ")
    word = word.lstrip(_OPENERS).casefold()
    goes_on = after[0].islower()
    if word.isdecimal():
        if len(after) < 3 and not final:
            return None
        return Border.WORD if goes_on or not lead or after in _GERMAN_MONTHS else Border.SENTENCE
    initial = len(word) == 1 and word != "i" and not _is_ideographic(word)
    if initial or word in _NEVER or (word in _NUMBERED and after[0].isdigit()):
        return Border.WORD
    if word in _PERHAPS or "." in word.strip("."):
        return Border.WORD if goes_on or after[0].isdigit() else Border.SENTENCE
    return Border.SENTENCE


@dataclass(slots=True)
class _Scan:
    """How far the pending text has been read, and the best cuts seen so far (kind → index of the latest)."""

    i: int = 0
    width: int = 0
    speakable: bool = False
    seen: dict[Border, int] = field(default_factory=dict)

    def take(self, char: str) -> None:
        self.width += WIDE if unicodedata.east_asian_width(char) in "WF" else 1
        self.speakable = self.speakable or char.isalnum()
        self.i += 1

    def best(self, soonest: float) -> int:
        """Where to cut a piece that has become too long; 0 where it cannot be cut (yet)."""
        clause = self.seen.get(Border.CLAUSE, 0)
        word = self.seen.get(Border.WORD, 0)
        return clause if clause >= soonest or clause > word else word or clause or self.seen.get(Border.WEAK, 0)


class Clauses:
    """Cuts one reply's text. The texts of all spans, joined, are the text that was fed; white space stays with the piece before it.

    at: offset of the first character in the reply. first: characters after which the first span is cut at a word border, when neither a clause nor a
    sentence ended before. Words and numbers are never cut, so a single word longer than the limit makes a longer span.
    """

    def __init__(self, at: int = 0, first: int = FIRST) -> None:
        self._at = at
        self._limit = first
        self._is_first = True
        self._text = ""
        self._scan = _Scan()

    def feed(self, text: str) -> list[Span]:
        """Take the next piece of text, of any size; returns what is now ready to be spoken."""
        self._text += text
        return self._ready(final=False)

    def flush(self) -> list[Span]:
        """The text is complete: returns the rest. The last span may hold nothing to say (see `speakable`)."""
        spans = self._ready(final=True)
        if self._text:
            spans.append(self._cut(len(self._text)))
        return spans

    def _ready(self, final: bool) -> list[Span]:
        spans = []
        while end := self._find(final):
            spans.append(self._cut(end))
        return spans

    def _find(self, final: bool) -> int:
        """Read on until a cut is certain; its index, or 0."""
        scan = self._scan
        while scan.i < len(self._text):
            kind = border(self._text, scan.i, final) if scan.i else Border.NONE
            if kind is None:
                return 0
            if kind and self._is_enough(kind):
                return scan.i
            if kind:
                scan.seen[min(kind, Border.CLAUSE)] = scan.i
            char = self._text[scan.i]
            scan.take(char)
            if scan.width > self._limit and not char.isspace() and (end := scan.best(SOONEST * self._limit)):
                return end
        return 0

    def _is_enough(self, kind: Border) -> bool:
        scan = self._scan
        if kind is Border.SENTENCE:
            return scan.speakable and (self._is_first or scan.width >= SHORTEST)
        return kind is Border.CLAUSE and self._is_first and scan.speakable and scan.width >= SOONEST * self._limit

    def _cut(self, end: int) -> Span:
        span = Span(self._text[:end], self._at)
        self._at += end
        self._text = self._text[end:]
        self._scan = _Scan()
        self._is_first, self._limit = False, LIMIT
        return span


class SpokenClauses:
    """`Clauses` for one reply of which some text may be for the screen only: such text ends a span, and is one that is not `spoken`."""

    def __init__(self) -> None:
        self._clauses = Clauses()
        self._end = 0

    def feed(self, text: str, at: int, spoken: bool, flush: bool) -> list[Span]:
        """The next piece, of any size, whose first character is the reply's `at`-th; `flush`: nothing that follows need be waited for.
        Returns what can be spoken now, or passed on without sound."""
        spans: list[Span] = []
        if spoken:
            if at != self._end:
                spans += self._clauses.flush()
                self._clauses = Clauses(at)
            spans += self._clauses.feed(text)
            self._end = at + len(text)
        elif text:
            spans += [*self._clauses.flush(), Span(text, at, spoken=False)]
        return spans + self._clauses.flush() if flush else spans
