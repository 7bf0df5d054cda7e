"""What was said, out of the events of a realtime transcription.

The service sends pieces of text (`delta`), opinions on the turn (`cue`) and final texts (`done`), and is not to be relied on for any of them: a
`done` may never come, may hold the whole session's text instead of this segment's, or may come when the segment was given up already. `Transcript`
makes of this numbered segments with cumulative text, each closed exactly once; whatever comes for a closed one only completes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from voicegraph.core import kinds


@dataclass(frozen=True, slots=True)
class Said:
    """A snapshot of one segment: all of its text so far. `final`: the segment is closed; after that it can only be completed."""

    segment: int
    text: str
    final: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """The service's opinion on the turn. `at`: seconds of audio, from the first sample that this connection was sent."""

    segment: int
    kind: kinds.Cue
    at: float


Fact = Said | Cue


@dataclass(slots=True)
class _Segment:
    number: int
    text: str = ""
    """As heard on this connection."""
    before: str = ""
    """As heard on a former connection, whose audio this one hears again."""
    missed: bool = False
    """Closed without its `done`."""

    @property
    def best(self) -> str:
        """What is known of it; text that was shown does not shrink while it is heard again."""
        known, heard = self.before.strip(), self.text.strip()
        return heard if len(_letters(heard)) >= len(_letters(known)) else known


class Transcript:
    """One call's words. turns: segments end with the service's `turn.end`; otherwise with a flush of ours.

    language: what the words are in, unless the service says otherwise.
    """

    def __init__(self, turns: bool, language: str | None = None) -> None:
        self._turns = turns
        self._language = language
        self._open: deque[_Segment] = deque([_Segment(0)])
        """The first is being heard; all but the last were flushed and wait for their `done`."""
        self._last: _Segment | None = None
        """The segment closed last on this connection, which a late `done` may complete."""
        self._past = ""
        """The letters of what was closed on this connection before `_last`."""
        self._turn: Literal["idle", "open", "eager"] = "idle"
        self._told = ""
        self._at = 0.0

    @property
    def waiting(self) -> bool:
        """Whether anything was said that is not closed yet."""
        return len(self._open) > 1 or self._turn != "idle" or bool(self._open[0].best)

    @property
    def in_turn(self) -> bool:
        """Whether the service has begun a turn and not ended it."""
        return self._turn != "idle"

    def language(self, code: str) -> list[Fact]:
        """The service has recognised the language (ISO 639-1)."""
        self._language = code
        return []

    def delta(self, text: str) -> list[Fact]:
        """The next piece of text. With turns, words outside of one wait for its start: they may still belong to the turn before."""
        self._open[0].text += text
        return self._tell() if self._turn != "idle" or not self._turns else []

    def cue(self, kind: kinds.Cue, at: float) -> list[Fact]:
        """A turn event; one that changes nothing (a line that was opened again repeats them) gives nothing."""
        self._at = at
        return _MOVES.get((self._turn, kind), Transcript._ignore)(self)

    def flush(self) -> int:
        """Our request to close the segment was made; its number. The sound that follows is of the next one."""
        number = self._open[-1].number
        self._open.append(_Segment(number + 1))
        return number

    def done(self, text: str) -> list[Fact]:
        """A final text: closes the first segment that waits for one, or completes the one closed last."""
        if len(self._open) > 1:
            past = self._past + (_letters(self._last.text) if self._last else "")
            own = own_part(text, past, self._open[0].text)
            if not self._is_late(text, own):
                facts = self._close(own)
                self._past = _letters(text).removesuffix(_letters(own)) or self._past  # a cumulative text knows the past best
                return facts
        return self._complete(text)

    def overdue(self, segment: int) -> list[Fact]:
        """The deadline for this segment's `done` has passed: it is closed with what was heard. Nothing when it was closed before."""
        facts: list[Fact] = []
        while len(self._open) > 1 and self._open[0].number <= segment:
            facts += self._close("", missed=True)
        return facts

    def lapse(self) -> list[Fact]:
        """The end of a turn does not come: its segment is closed with what was heard. Where not even its beginning came, nobody is told that there
        was one: the words alone have to do. Nothing when there are none."""
        if self._turn != "idle":
            return self._end()
        if not self._turns or not _letters(self._open[0].best):
            return []
        self._open.append(_Segment(self._open[0].number + 1))
        return self._close("")

    def again(self) -> list[Fact]:
        """The line was lost; a new one will hear everything that is not closed once more. An eager end is taken back: it may turn out otherwise."""
        for segment in self._open:
            segment.before, segment.text = segment.best, ""
        self._last, self._past = None, ""
        return self._resume() if self._turn == "eager" else []

    # --- turns -----------------------------------------------------------------------------------------------------------------

    def _start(self) -> list[Fact]:
        self._turn = "open"
        self._open[0].text = _without_lead(self._open[0].text)
        return [Cue(self._open[0].number, "start", self._at), *self._tell()]

    def _eager(self) -> list[Fact]:
        self._turn = "eager"
        return [Cue(self._open[0].number, "eager", self._at)]

    def _resume(self) -> list[Fact]:
        self._turn = "open"
        return [Cue(self._open[0].number, "resume", self._at)]

    def _end(self) -> list[Fact]:
        self._turn = "idle"
        number = self._open[0].number
        self._open.append(_Segment(number + 1))
        return [*self._close(""), Cue(number, "end", self._at)]

    def _eager_unannounced(self) -> list[Fact]:
        return self._start() + self._eager()

    def _end_unannounced(self) -> list[Fact]:
        return self._start() + self._end() if _letters(self._open[0].best) else []

    def _ignore(self) -> list[Fact]:
        return []

    # --- segments --------------------------------------------------------------------------------------------------------------

    def _tell(self) -> list[Fact]:
        """The first segment's snapshot, when it has words and they are new."""
        segment = self._open[0]
        text = segment.best
        if text == self._told or not _letters(text):
            return []
        self._told = text
        return [Said(segment.number, text, False, self._language)]

    def _close(self, final: str, missed: bool = False) -> list[Fact]:
        """Close the first segment. `final` may correct what was heard ("25" for "twenty five") but not lose it."""
        segment = self._open.popleft()
        best = segment.best
        segment.text = final.strip() if 2 * len(_words(final)) >= len(_words(best)) else best
        segment.missed = missed
        if self._last is not None:
            self._past += _letters(self._last.text)
        self._last, self._told = segment, ""
        return [Said(segment.number, segment.text, True, self._language)]

    def _complete(self, text: str) -> list[Fact]:
        """Late words of the segment closed last. Those of them that waited as the next one's first are taken from there."""
        last = self._last
        if last is None:
            return []
        own = own_part(text, self._past, last.text).strip()
        if not _extends(own, last.text):
            return []
        if _letters(own).endswith(_letters(self._open[0].text)) and self._turn == "idle":
            self._open[0].text = ""
        last.text = own
        return [Said(last.number, own, True, self._language)]

    def _is_late(self, text: str, own: str) -> bool:
        """Whether this `done` is rather that of the segment closed last, which went without."""
        if self._last is None or not self._last.missed:
            return False
        heard, given_up = _letters(self._open[0].text), _letters(self._last.text)
        fits_first = bool(heard) and heard in _letters(own)
        fits_last = bool(given_up) and _letters(own_part(text, self._past, self._last.text)).startswith(given_up)
        return fits_last and not fits_first


_MOVES: dict[tuple[str, str], Callable[[Transcript], list[Fact]]] = {
    ("idle", "start"): Transcript._start,
    ("idle", "eager"): Transcript._eager_unannounced,
    ("idle", "end"): Transcript._end_unannounced,
    ("open", "eager"): Transcript._eager,
    ("open", "end"): Transcript._end,
    ("eager", "resume"): Transcript._resume,
    ("eager", "end"): Transcript._end,
}


def own_part(text: str, past: str, heard: str) -> str:
    """The part of a final text that is the segment's own.

    past: the letters of everything closed before it on the same connection. heard: the text that came in pieces, as far as it came. A text that
    begins with the past is cumulative, unless the segment was heard to begin with the same words. Where past and text differ (a segment was closed
    with less than the service heard), what was heard says where the segment begins.
    """
    rest = _after(text, past) if past else None
    known = _letters(heard)
    if rest is not None and (not known or _letters(rest).startswith(known) or not _letters(text).startswith(known)):
        return rest
    if not known or not past or _letters(text).startswith(known):
        return text
    at = _letters(text).rfind(known)
    return _after(text, _letters(text)[:at]) or text if at > 0 else text


def _letters(text: str) -> str:
    """Text reduced to what is spoken: no spaces, marks or case, which services change between a delta and the final text."""
    return "".join(filter(str.isalnum, text.casefold()))


def _words(text: str) -> list[str]:
    return [word for word in text.split() if _letters(word)]


def _after(text: str, past: str) -> str | None:
    """What follows in `text` after the letters of `past`; None when it does not begin with them, or they end inside a word."""
    position = 0
    for index, char in enumerate(text):
        letters = _letters(char)
        if position == len(past) and letters:
            inside = index > 0 and text[index - 1].isalnum() and char < "\u2e80"  # scripts above have no spaces between words
            return None if inside else text[index:]
        if not past.startswith(letters, position):
            return None
        position += len(letters)
    return "" if position == len(past) else None


def _extends(text: str, known: str) -> bool:
    letters = _letters(text)
    return len(letters) > len(_letters(known)) and letters.startswith(_letters(known))


def _without_lead(text: str) -> str:
    """Without the marks that a former turn left behind."""
    start = next((index for index, char in enumerate(text) if char.isalnum() or char in "¿¡\"'“„«(["), len(text))
    return text[start:]
