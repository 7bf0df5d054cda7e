"""Who has the floor: from facts about a conversation to decisions about replies. Pure: `now` is an argument, and so is every fact.

Feed facts in the order in which they happen; each returns the decisions that follow, to be carried out at once and in order. Between facts, call
`tick(now)` when `deadline()` has come. What a reply goes through, and why, is in docs/turn-taking.md:

    begin (speculative) → confirm → first sample leaves (its words are answered now) → drop, for whatever reason → its Heard arrives (settled)

One reply at a time; the next begins when the former is settled. Words that nobody has answered stay, and go into the next turn.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

from voicegraph.core.endpoint import ending, plain
from voicegraph.core.policy import Policy
from voicegraph.core.words import Segment, Unanswered

Gate = Literal["open", "ducked", "paused"]
Source = Literal["words", "typed", "greeting", "reminder", "tool"]
Cue = Literal["start", "eager", "resume", "end"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a reply is to answer, or (`say`) to speak word for word."""

    text: str
    why: Source = "words"
    say: str | None = None
    audible: bool = True
    language: str | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a reply, unconfirmed."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Confirm:
    """The turn is over for certain: the reply may be heard. `why` the turn ended, `ended` when its speech did (None: there was none).

    `speculations`: how often a reply was begun before, this one included if it was."""

    why: str
    ended: float | None
    speculations: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """The reply is over."""

    why: str


@dataclass(frozen=True, slots=True)
class SetGate:
    """What the caller hears of the reply: all, all but quieter, or nothing while it waits."""

    gate: Gate


@dataclass(frozen=True, slots=True)
class Amended:
    """Late words changed what the caller said in the last turn whose answer has sounded; the reply may be over."""

    text: str


Decision = Begin | Confirm | Drop | SetGate | Amended


@dataclass(slots=True)
class _Reply:
    ask: Ask
    segments: frozenset[int]
    """What it answers."""
    known: frozenset[int]
    """The segments that had words when it began, and when it began to sound: none of them speaks over it."""
    confirmed: float | None = None
    sounding: bool = False
    gate: Gate = "open"
    deaf: bool = False
    """Speech that was going on when it was confirmed (or noise taken for it) does not count as speech over it; words do."""


@dataclass(slots=True)
class _Speech:
    """The voice detector's view. `on`/`off`: when speech last began and ended, None before."""

    active: bool = False
    on: float | None = None
    off: float | None = None
    final_since: bool = False
    """Whether final words have come since it ended."""


@dataclass(slots=True)
class _Cues:
    """The model's own view of the turn, for models that have one."""

    seen: bool = False
    last: Cue = "start"
    at: float = 0.0
    segment: int = -1
    """The turn that the last cue is about; words of a later one are not over with it."""


@dataclass(slots=True)
class Turns:
    """The state of one conversation's floor."""

    policy: Policy = field(default_factory=Policy)
    _words: Unanswered = field(default_factory=Unanswered)
    _speech: _Speech = field(default_factory=_Speech)
    _cues: _Cues = field(default_factory=_Cues)
    _reply: _Reply | None = None
    _settling: _Reply | None = None
    _asked: deque[Ask] = field(default_factory=deque)
    _interrupted: bool = False
    _speculations: int = 0
    _detector: bool = False
    """Whether there is a voice detector; without one the model's turn events stand in for it."""
    _answered: frozenset[int] = frozenset()
    """The segments of the last turn whose answer has sounded."""
    _given_up: str = ""
    """The words of a reply that failed or was stopped before it sounded: not asked again until more is said."""
    _last_words: float = 0.0
    _deadline: float | None = None

    # --- facts -----------------------------------------------------------------------------------------------------------------

    def speech(self, now: float, on: bool, t: float) -> list[Decision]:
        """The detector says that speech began or ended, at `t`."""
        self._detector = True
        self._hear_speech(on, t)
        return self.tick(now)

    def _hear_speech(self, on: bool, t: float) -> None:
        if on and not self._speech.active:
            self._speech = _Speech(active=True, on=t, off=self._speech.off)
        elif not on and self._speech.active:
            self._speech.active, self._speech.off = False, t
            if self._reply is not None:
                self._reply.deaf = False

    def muted(self, now: float) -> list[Decision]:
        """The microphone was switched off: whatever was being said has ended."""
        self._hear_speech(on=False, t=now)
        return self.tick(now)

    def words(self, now: float, segment: Segment) -> list[Decision]:
        """A snapshot of a segment of the transcript."""
        self._last_words = now
        self._speech.final_since = self._speech.final_since or (segment.final and not self._speech.active)
        if self._words.hear(segment) and segment.number in self._answered:
            return [Amended(self._words.text_of(self._answered)), *self.tick(now)]
        return self.tick(now)

    def cue(self, now: float, segment: int, cue: Cue, t: float) -> list[Decision]:
        """The speech-to-text model says that the turn began, is probably over, goes on, or is over, at `t`."""
        self._cues = _Cues(seen=True, last=cue, at=t, segment=segment)
        if not self._detector:
            self._hear_speech(cue in ("start", "resume"), t)
        if cue in ("eager", "end"):
            self._speech.final_since = True
        return self.tick(now)

    def ask(self, now: float, ask: Ask, interrupts: bool = False) -> list[Decision]:
        """A reply is wanted that answers no spoken words: typed text, a greeting. `interrupts`: not after the live reply but instead of it."""
        self._asked.append(ask)
        dropped = self._drop(ask.why) if interrupts else []
        return dropped + self.tick(now)

    def stop(self, now: float, why: str) -> list[Decision]:
        """The reply is to end now: the caller pressed stop, or it cannot be made."""
        if self._reply is not None and not self._reply.sounding and self._reply.ask.why == "words":
            self._given_up = plain(self._words.text())
        return self._drop(why) + self.tick(now)

    def sounding(self, now: float) -> list[Decision]:
        """The live reply's first sample has left: its words are answered."""
        if self._reply is not None:
            self._reply.sounding = True
            self._answer(self._reply)
            self._reply.known |= self._words.numbers()  # what was said while a typed question was being answered waits for its own answer
        return self.tick(now)

    def drained(self, now: float) -> list[Decision]:
        """The live reply's last sample has left."""
        if self._reply is not None:
            self._answer(self._reply)
            self._words.ignore(self._words.saying(self.policy.speaking.ignore) - self._reply.known)
        return self._drop("finished") + self.tick(now)

    def settled(self, now: float, sounded: bool) -> list[Decision]:
        """The last reply's Heard has arrived. `sounded`: some of it was heard, even if `sounding` came too late to say so."""
        if sounded and self._settling is not None:
            self._answer(self._settling)
        self._settling = None
        return self.tick(now)

    def _answer(self, reply: _Reply) -> None:
        """The caller hears the answer: its words need no other."""
        if reply.segments:
            self._words.answered(reply.segments)
            self._answered = reply.segments
            self._given_up = ""

    # --- decisions -------------------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `tick` should be called if nothing happens before."""
        return self._deadline

    def tick(self, now: float) -> list[Decision]:
        """What follows from the state at `now`."""
        self._deadline = None
        decisions: list[Decision] = []
        while step := self._step(now):
            decisions += step
        return decisions

    def _step(self, now: float) -> list[Decision]:
        if self._reply is None:
            return [] if self._settling else self._next_reply(now)
        if self._reply.confirmed is not None:
            return self._yield(now, self._reply)
        return self._speculative(now, self._reply)

    def _next_reply(self, now: float) -> list[Decision]:
        if self._asked:
            return [*self._begin(self._asked.popleft(), frozenset()), *self._confirm(now, "asked", None)]
        segments = self._words.numbers()
        if not segments or plain(self._words.text()) == self._given_up:
            return []
        state, why = self._turn(now)
        if state == "over":
            return [*self._begin(self._spoken(), segments), *self._confirm(now, why, self._ended())]
        if state == "maybe" and self._speculations < self.policy.listening.speculations:
            self._speculations += 1
            return self._begin(self._spoken(), segments)
        return []

    def _speculative(self, now: float, reply: _Reply) -> list[Decision]:
        """An unconfirmed reply lives while the words are the same and the turn may be over."""
        state, why = self._turn(now)
        if self._asked:
            return self._drop("asked")
        if state == "going":
            return self._drop("resumed")
        if plain(self._words.text()) != plain(reply.ask.text):
            return self._drop("changed")
        return self._confirm(now, why, self._ended()) if state == "over" else []

    def _turn(self, now: float) -> tuple[Literal["going", "maybe", "over"], str]:
        """Whether the caller's turn is over, and what says so."""
        if self._cues.seen:
            return self._turn_by_cues(now)
        listening = self.policy.listening
        if self._speech.active:  # for ever, where the detector takes a noisy room for speech; then words that stop coming decide
            return ("over", "watchdog") if self._passed(now, self._last_words + listening.watchdog) else ("going", "")
        since = self._last_words if self._speech.off is None else self._speech.off
        settled = self._words.settled()
        complete = settled and (self._speech.off is None or self._speech.final_since)
        if not complete and not self._passed(now, (since if settled else max(since, self._last_words)) + listening.final_wait):
            return "going", ""
        silence = {"closed": listening.silence, "unsure": listening.unsure_silence, "open": listening.open_silence}[ending(self._words.text())]
        return ("over", "silence") if self._passed(now, since + silence) else ("maybe", "")

    def _turn_by_cues(self, now: float) -> tuple[Literal["going", "maybe", "over"], str]:
        cues = self._cues
        current = max(self._words.numbers(), default=-1) <= cues.segment
        if current and cues.last == "end":
            return "over", "model"
        ended = self._speech.off if self._speech.off is not None and not self._speech.active else cues.at
        if self._passed(now, max(ended, cues.at, self._last_words) + self.policy.listening.watchdog):
            return "over", "watchdog"
        return ("maybe", "") if current and cues.last == "eager" else ("going", "")

    def _yield(self, now: float, reply: _Reply) -> list[Decision]:
        """Does the caller want the floor back while a confirmed reply is being made or sounds?"""
        assert reply.confirmed is not None
        if not reply.sounding and self._passed(now, reply.confirmed + self.policy.thinking.patience):
            return self.stop(now, "too slow")
        if reply.sounding and not self.policy.speaking.interruptible:
            return []
        if self._wants_floor(reply):
            return self._drop("interrupted" if reply.sounding else "continued")
        gate = self._gate(now, reply)
        if gate == "over":
            return self._drop("interrupted" if reply.sounding else "continued")
        if gate != reply.gate:
            reply.gate = gate
            return [SetGate(gate)]
        return []

    def _wants_floor(self, reply: _Reply) -> bool:
        """Whether words beyond the turn that is being answered have come, other than sounds of listening."""
        if not reply.sounding:  # the caller goes on, or late words change the question; what was typed is answered all the same
            return reply.ask.why == "words" and plain(self._words.text()) != plain(reply.ask.text)
        said = plain(self._words.text(but=reply.known | self._words.saying(self.policy.speaking.ignore)))
        return len(said.split()) >= self.policy.speaking.words

    def _gate(self, now: float, reply: _Reply) -> Gate | Literal["over"]:
        """How far speech over the reply has pushed it back."""
        speech = self._speech
        pause, drop = (
            (self.policy.speaking.pause, self.policy.speaking.drop) if reply.sounding else (self.policy.thinking.pause, self.policy.thinking.drop)
        )
        if speech.active and speech.on is not None and not reply.deaf:
            if self._passed(now, speech.on + drop):
                return "over"
            if self._passed(now, speech.on + pause):
                return "paused"
            if reply.sounding and self._passed(now, speech.on + self.policy.speaking.duck):
                return "paused" if reply.gate == "paused" else "ducked"
            return reply.gate
        quiet_since = now if speech.off is None else speech.off
        if reply.gate == "paused" and not self._nothing_said(reply) and not self._passed(now, quiet_since + self.policy.speaking.restore):
            return "paused"
        if reply.gate != "open" and reply.sounding:
            self._words.ignore(self._words.numbers() - reply.known)  # what was said was a sound of listening
        return "open"

    def _nothing_said(self, reply: _Reply) -> bool:
        """Whether the final words of the speech over the reply are known, and nothing (or nothing that counts) was said."""
        return self._speech.final_since and self._words.settled(but=reply.known)

    # --- steps -----------------------------------------------------------------------------------------------------------------

    def _begin(self, ask: Ask, segments: frozenset[int]) -> list[Decision]:
        ask = replace(ask, interrupted=self._interrupted)
        self._reply = _Reply(ask, segments, known=self._words.numbers())
        return [Begin(ask)]

    def _confirm(self, now: float, why: str, ended: float | None) -> list[Decision]:
        assert self._reply is not None
        self._reply.confirmed, self._reply.deaf = now, self._speech.active
        self._interrupted = False
        speculations, self._speculations = self._speculations, 0
        return [Confirm(why, ended, speculations)]

    def _drop(self, why: str) -> list[Decision]:
        reply, self._reply = self._reply, None
        if reply is None:
            return []
        self._settling = None if reply.confirmed is None else reply
        cut = reply.sounding and why != "finished"
        self._interrupted = self._interrupted or cut or (reply.ask.interrupted and not reply.sounding)
        if why in ("typed", "continued") and reply.ask.why == "typed" and not reply.sounding:
            self._asked.appendleft(reply.ask)  # every question that was typed is answered, in their order
        return [Drop(why)]

    def _spoken(self) -> Ask:
        return Ask(self._words.text(), language=self._words.language())

    def _ended(self) -> float | None:
        if self._speech.active:
            return None
        return self._speech.off if self._speech.off is not None else self._cues.at if self._cues.seen else None

    def _passed(self, now: float, when: float) -> bool:
        """Whether a moment has come; if not, remembers to be called then."""
        if now >= when:
            return True
        self._deadline = when if self._deadline is None else min(self._deadline, when)
        return False
