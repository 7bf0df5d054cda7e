"""What a stand-in needs to be told when it takes over, and how what it sends continues what was sent before it.

One class for each kind of work that can be handed over: hearing (`Ears`), answering (`Pen`) and speaking (`Mouth`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from voicegraph.audio.resample import StreamResampler
from voicegraph.core.continuation import Continuation
from voicegraph.core.ledger import TYPICAL_CHARACTERS_PER_SECOND, Span
from voicegraph.core.sentences import SpokenClauses, speakable
from voicegraph.frames import CallerAudio, Frame, ReplyAudio, ReplyText, Speech, Transcript, Turn, TurnCue, Words
from voicegraph.graph.ports import Out

Given = tuple[str, Frame]
"""An input port, and a frame for it."""

SPEECH_KEPT = 30.0
"""Seconds of the caller's sound that are kept while its words have not come,"""
SILENCE_KEPT = 2.0
"""and while nothing is being said."""
WORDLESS = 0.8
"""Seconds of speech that ought to give words; what is shorter may be a cough."""
DEAF = 2
"""Stretches of such speech, one after the other, without a word: the provider does not hear."""


class Handover(Protocol):
    """Sees all that a node is given and sends. Times are the loop's."""

    acts: bool
    """Whether it may do more for a reply than what it sends (tools): then its silence may be work, and who replays the reply may do it again."""

    def given(self, port: str, frame: Frame, now: float) -> None:
        """A frame came in, whoever works."""

    def sent(self, frame: Frame, now: float) -> Iterable[Frame]:
        """The one in charge sends this; what is to leave in its place."""

    def farewell(self, now: float) -> Iterable[Frame]:
        """Another one takes charge now: what the graph is to know before that."""

    def replay(self, now: float) -> Sequence[Given]:
        """And what the other one is to be given first, since nobody has dealt with it."""

    def owed_since(self) -> float | None:
        """Since when something ought to come out, without anything more coming in."""

    def idle(self) -> bool:
        """Whether nobody would notice if another took charge now."""

    def reset(self, epoch: int) -> None:
        """The reply is over."""


def handover_of(outs: Mapping[str, Out[Any]], rate: int | None) -> Handover | None:
    """The one for a node with these outputs; None for work that cannot be handed over. rate: Hz of the sound that the graph was linked for."""
    kinds: Mapping[type[Frame], Handover] = {Transcript: Ears(), ReplyText: Pen(), ReplyAudio: Mouth(rate)}
    return next((made for kind, made in kinds.items() if any(issubclass(out.kind, kind) for out in outs.values())), None)


class Ears:
    """Hearing: the sound whose words have not come is heard again, and what was heard of it in part is replaced."""

    acts = False

    def __init__(self) -> None:
        self._tape: deque[Given] = deque()
        self._began: float | None = None
        self._ended: float | None = None
        self._wordless: list[float] = []
        """When stretches of speech ended since the last words."""
        self._numbers: dict[int, int] = {}
        """The segments of the one in charge → those of the call."""
        self._open: dict[int, Words] = {}
        self._again: deque[int] = deque()
        """Segments that were heard in part by the one before."""
        self._next = 0
        self._cues = False

    def given(self, port: str, frame: Frame, now: float) -> None:
        self._tape.append((port, frame))
        match frame:
            case Speech(on=True, t=t):
                self._began = t
            case Speech(t=t) if self._began is not None:
                if t - self._began >= WORDLESS:
                    self._wordless.append(now)
                self._began, self._ended = None, t
        kept = SILENCE_KEPT if self.idle() and not self._wordless else SPEECH_KEPT
        while self._tape and _time(self._tape[0][1]) < now - kept:
            self._tape.popleft()

    def sent(self, frame: Frame, now: float) -> Iterable[Frame]:
        if isinstance(frame, TurnCue):
            self._cues = True
            return [replace(frame, segment=self._number(frame.segment))]
        if not isinstance(frame, Words):
            return [frame]
        words = replace(frame, segment=self._number(frame.segment))
        self._wordless.clear()
        if not words.final:
            self._open[words.segment] = words
            return [words]
        self._open.pop(words.segment, None)
        self._forget(now if self._ended is None else self._ended)
        return [words, *self._emptied()]

    def _number(self, own: int) -> int:
        if own not in self._numbers:
            self._numbers[own] = self._again.popleft() if self._again else self._next
            self._next = max(self._next, self._numbers[own] + 1)
        return self._numbers[own]

    def _emptied(self) -> list[Words]:
        """What had been heard in several parts has come in one."""
        rest, self._again = self._again, deque()
        return [replace(self._open.pop(number), text="", final=True) for number in rest]

    def _forget(self, until: float) -> None:
        self._ended = None
        self._tape = deque((port, frame) for port, frame in self._tape if _time(frame) > until)

    def replay(self, now: float) -> Sequence[Given]:  # what was said is as urgent as it was
        self._numbers.clear()
        self._wordless.clear()
        self._again = deque(sorted(self._open))
        return tuple(self._tape)

    def farewell(self, now: float) -> Iterable[Frame]:
        cues, self._cues = self._cues, False
        return [TurnCue(segment=max(self._next - 1, 0), cue="gone", t=now)] if cues else []

    def owed_since(self) -> float | None:
        return self._wordless[DEAF - 1] if len(self._wordless) >= DEAF else None

    def idle(self) -> bool:
        return self._began is None and not self._open

    def reset(self, epoch: int) -> None:
        """What the caller says belongs to no reply."""


class Pen:
    """Answering: the turn is asked again, together with what has been written of its answer."""

    acts = True

    def __init__(self) -> None:
        self._turn: tuple[str, Turn] | None = None
        self._written = ""
        self._continuation = Continuation()
        self._since: float | None = None

    def given(self, port: str, frame: Frame, now: float) -> None:
        if isinstance(frame, Turn):
            self._turn, self._since = (port, frame), now
            self._written, self._continuation = "", Continuation()

    def sent(self, frame: Frame, now: float) -> Iterable[Frame]:
        if self._since is not None:
            self._since = now  # an event, too, is a sign of life: a tool runs
        if not isinstance(frame, ReplyText):
            return [frame]
        text = self._continuation.add(frame.text)
        at = len(self._written)
        self._written += text
        if frame.last:
            self._since = None
        return [replace(frame, text=text, at=at)] if text or frame.last else []

    def farewell(self, now: float) -> Iterable[Frame]:
        return ()

    def replay(self, now: float) -> Sequence[Given]:
        if self._turn is None or self._since is None:
            return ()
        port, turn = self._turn
        self._since, self._continuation = now, Continuation(self._written)
        return [(port, replace(turn, begun=self._written))]

    def owed_since(self) -> float | None:
        return self._since

    def idle(self) -> bool:
        return self._turn is None

    def reset(self, epoch: int) -> None:
        if self._turn is not None and self._turn[1].epoch == epoch:
            self._turn = self._since = None


class Mouth:
    """Speaking: what has not sounded yet is spoken by the other voice, from the word on in which the first one broke off.

    rate: Hz that the graph was linked for; a voice of another rate is resampled.
    """

    acts = False

    def __init__(self, rate: int | None) -> None:
        self._rate = rate
        self._texts: list[tuple[str, ReplyText]] = []
        self._epoch: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._texts.clear()
        self._clauses = SpokenClauses()
        self._owed = 0
        """Pieces of text that are complete and whose sound is not."""
        self._since = 0.0
        self._spoken = 0
        """Up to which character the reply has sounded whole pieces,"""
        self._part: tuple[Span, float] | None = None
        """and the piece that has sounded in part, for so many seconds."""
        self._over = False
        self._stream: StreamResampler | None = None

    def given(self, port: str, frame: Frame, now: float) -> None:
        if not isinstance(frame, ReplyText):
            return
        if frame.epoch != self._epoch or self._over:
            self._clear()
            self._epoch = frame.epoch
        self._texts.append((port, frame))
        self._count(frame, now)

    def _count(self, text: ReplyText, now: float) -> None:
        if not self._owed:
            self._since = now
        self._owed += sum(speakable(span.text) for span in self._clauses.feed(text.text, text.at, text.spoken, text.last or text.flush)) + text.last

    def sent(self, frame: Frame, now: float) -> Iterable[Frame]:
        if not isinstance(frame, ReplyAudio):
            return [frame]
        self._since = now
        if frame.span is not None:
            before = self._part[1] if self._part is not None and self._part[0] == frame.span else 0.0
            self._part = None if frame.ends else (frame.span, before + frame.seconds)
            if frame.ends:
                self._spoken = frame.span.end
                self._owed = max(self._owed - speakable(frame.span.text), 0)
        if frame.last:
            self._owed, self._over = 0, True
        return [self._resampled(frame)]

    def _resampled(self, frame: ReplyAudio) -> ReplyAudio:
        if self._rate is None or frame.rate == self._rate:
            return frame
        if self._stream is None or self._stream.source != frame.rate:
            self._stream = StreamResampler(frame.rate, self._rate)
        pcm = self._stream.finish(frame.pcm) if frame.last else self._stream.feed(frame.pcm)
        return replace(frame, pcm=pcm, rate=self._rate)

    def farewell(self, now: float) -> Iterable[Frame]:
        return ()

    def replay(self, now: float) -> Sequence[Given]:
        if self._over:
            return ()
        begin = self._spoken if self._part is None else _broke_off(*self._part)
        rest = [(port, text) for port, frame in self._texts if (text := _from(frame, begin)) is not None]
        self._spoken, self._part, self._stream, self._clauses, self._owed = begin, None, None, SpokenClauses(), 0
        for _, text in rest:
            self._count(text, now)
        return rest

    def owed_since(self) -> float | None:
        return self._since if self._owed else None

    def idle(self) -> bool:
        return not self._texts or self._over

    def reset(self, epoch: int) -> None:
        if epoch == self._epoch:
            self._clear()
            self._epoch = None


def _time(frame: Frame) -> float:
    return frame.t if isinstance(frame, CallerAudio | Speech) else 0.0


def _from(frame: ReplyText, begin: int) -> ReplyText | None:
    """What of a piece of text stands behind this character; None for nothing."""
    cut = max(begin - frame.at, 0)
    if cut >= len(frame.text) and not frame.last:
        return None
    return replace(frame, text=frame.text[cut:], at=frame.at + min(cut, len(frame.text)))


def _broke_off(span: Span, seconds: float) -> int:
    """The word in which a voice has fallen silent after so many seconds of a piece."""
    said = round(seconds * TYPICAL_CHARACTERS_PER_SECOND)
    return span.end if said >= len(span.text) else span.at + span.text.rfind(" ", 0, said) + 1
