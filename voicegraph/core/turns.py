"""Who has the floor: from facts about a conversation to decisions about replies. Pure: `now` is an argument, and so is every fact.

Feed facts in the order in which they happen; each returns the decisions that follow, to be carried out at once and in order. Between facts, call
`tick(now)` when `deadline()` has come. What a reply goes through, and why, is in docs/turn-taking.md:

    begin (speculative) → confirm → first sample leaves (its words are answered now) → drop, for whatever reason → its Heard arrives (settled)

One reply at a time; the next begins when the former is settled. Words that nobody has answered stay, and go into the next turn. When a turn is over
is `endpointing.py`, how a reply yields is `yielding.py`; this file holds them together.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

from voicegraph.core.endpoint import plain
from voicegraph.core.endpointing import Endpointing
from voicegraph.core.evidence import Alarm, Cues, Evidence, Speech
from voicegraph.core.kinds import Cue, Gate
from voicegraph.core.policy import Policy
from voicegraph.core.silence import HANG_UP, Silence
from voicegraph.core.words import Segment
from voicegraph.core.yielding import Floor, Yielding

BY_THE_CALLER = frozenset(("interrupted", "typed", "stopped"))
"""Reasons to drop a sounding reply that are an interruption; the others are its end, or a failure."""
TOO_SLOW = "too slow"
FAILURES = frozenset(("failed", TOO_SLOW))
"""Reasons to drop a reply that the caller is told aloud, if the policy has words for it."""
Source = Literal["words", "typed", "greeting", "reminder", "tool", "apology"]


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
    """The reply is over. `because`: what made the caller's speech an interruption, `words` or `speech` that went on without any."""

    why: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class SetGate:
    """What the caller hears of the reply: all, all but quieter, or nothing while it waits; and why."""

    gate: Gate
    why: str = ""


@dataclass(frozen=True, slots=True)
class Amended:
    """Late words changed what the caller said in the last turn whose answer has sounded; the reply may be over."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Nobody has said anything for long enough: the call is over."""


Decision = Begin | Confirm | Drop | SetGate | Amended | HangUp


@dataclass(slots=True)
class _Reply(Floor):
    ask: Ask = field(kw_only=True)
    segments: frozenset[int] = field(kw_only=True)
    """What it answers."""
    working: bool = False
    """Something is being done for it that may take its time,"""
    worked: float = 0.0
    """or was being done until then."""


class Turns:
    """The state of one conversation's floor."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._endpointing = Endpointing(self.policy.listening)
        self._yielding = Yielding(self.policy)
        self._known = Evidence()
        self._silence = Silence(self.policy.reminders)
        self._alarm = Alarm()
        self._reply: _Reply | None = None
        self._settling: _Reply | None = None
        self._asked: deque[Ask] = deque()
        self._interrupted = False
        self._speculations = 0
        self._answered: frozenset[int] = frozenset()
        """The segments of the last turn whose answer has sounded."""
        self._last: _Reply | None = None
        """The reply that has answered them."""
        self._given_up = ""
        """The words of a reply that failed or was stopped before it sounded: not asked again until more is said."""

    # --- facts -----------------------------------------------------------------------------------------------------------------

    def speech(self, now: float, on: bool, t: float) -> list[Decision]:
        """The detector says that speech began or ended, at `t`."""
        self._known.detector = True
        self._hear_speech(on, t)
        return self.tick(now)

    def _hear_speech(self, on: bool, t: float) -> None:
        speech = self._known.speech
        if on and not speech.active:
            self._known.speech = Speech(active=True, on=t, off=speech.off)
        elif not on and speech.active:
            speech.active, speech.off = False, t
            if self._reply is not None and not self._known.echoes.on_line:
                self._reply.deaf = False

    def muted(self, now: float) -> list[Decision]:
        """The microphone was switched off: whatever was being said has ended."""
        self._hear_speech(on=False, t=now)
        return self.tick(now)

    def talk(self, now: float, on: bool) -> list[Decision]:
        """The caller takes the floor by hand (the reply is over), or gives it (the turn is over, as soon as its last words are known)."""
        self._known.sent = None if on else now
        return (self._drop("interrupted") if on else []) + self.tick(now)

    def words(self, now: float, segment: Segment) -> list[Decision]:
        """A snapshot of a segment of the transcript."""
        known = self._known
        known.last_words = now
        known.echoes.hear(now, segment.number)
        if self._goes_on(segment.number):
            known.words.reopen(segment.number)
            if self._reply is not None:
                self._reply.known -= {segment.number}
        known.speech.final_since = known.speech.final_since or (segment.final and not known.speech.active)
        if known.words.hear(segment) and segment.number in self._answered:
            return [Amended(known.words.text_of(self._answered)), *self.tick(now)]
        if (self._reply is None or self._reply.sounding is None) and self._yielding.is_late_echo(segment.number, known):
            known.words.ignore([segment.number])
        return self.tick(now)

    def _goes_on(self, segment: int) -> bool:
        """Whether the caller has begun to speak again since the last turn was taken for over, in a turn that the model has not ended."""
        known, reply = self._known, self._last
        spoke = reply is not None and reply.confirmed is not None and known.speech.on is not None and known.speech.on > reply.confirmed
        return spoke and segment in self._answered and known.cues.segment == segment and known.cues.last != "end"

    def cue(self, now: float, segment: int, cue: Cue, t: float) -> list[Decision]:
        """The speech-to-text model says that the turn began, is probably over, goes on, or is over, at `t`; or (`gone`) it will say so no more."""
        self._known.cues = Cues() if cue == "gone" else Cues(seen=True, last=cue, at=t, segment=segment)
        if not self._known.detector:
            self._hear_speech(cue in ("start", "resume"), t)
        if cue in ("eager", "end"):
            self._known.speech.final_since = True
        return self.tick(now)

    def ask(self, now: float, ask: Ask, interrupts: bool = False) -> list[Decision]:
        """A reply is wanted that answers no spoken words: typed text, a greeting. `interrupts`: not after the live reply but instead of it."""
        self._asked.append(ask)
        dropped = self._drop(ask.why) if interrupts else []
        return dropped + self.tick(now)

    def stop(self, now: float, why: str) -> list[Decision]:
        """The reply is to end now: the caller pressed stop, or it cannot be made."""
        reply = self._reply
        if reply is not None and not reply.begun and reply.ask.why == "words":
            self._given_up = plain(self._known.words.text())
        if reply is not None and why in FAILURES:
            self._apologise(reply.ask)
        return self._drop(why) + self.tick(now)

    def _apologise(self, ask: Ask) -> None:
        """Before anything else that is asked. What was to be said word for word failed for want of a voice, which an apology would want too."""
        if self.policy.apology and ask.say is None:
            self._asked.appendleft(Ask("", why="apology", say=self.policy.apology, audible=ask.audible))

    def sounding(self, now: float) -> list[Decision]:
        """The live reply's first sample has left: its words are answered."""
        if self._reply is not None:
            self._reply.sounding = now
            self._answer(self._reply)
            self._reply.known |= self._known.words.numbers()  # what was said while a typed question was being answered waits for its own answer
        return self.tick(now)

    def committed(self, now: float) -> list[Decision]:
        """The live reply has an effect that cannot be taken back, before any of it sounds: its words are answered, what follows is a new turn."""
        if self._reply is not None and not self._reply.committed:
            self._reply.committed = True
            self._answer(self._reply)
            self._reply.known |= self._known.words.numbers()
        return self.tick(now)

    def working(self, now: float, on: bool) -> list[Decision]:
        """A tool or its like begins to work for the live reply, or all of them have ended: meanwhile nobody waits for a sound."""
        if self._reply is not None:
            self._reply.working, self._reply.worked = on, now
        return self.tick(now)

    def playout_delay(self, seconds: float) -> None:
        """The caller's client says how long sound takes from there to the ears."""
        self._known.echoes.delay = seconds

    def progress(self, now: float, text: str) -> list[Decision]:
        """More words of the live reply have left; `text` is all of them."""
        if self._reply is not None:
            self._known.echoes.left(now, text)
        return self.tick(now)

    def drained(self, now: float) -> list[Decision]:
        """The live reply's last sample has left."""
        if self._reply is not None:
            self._answer(self._reply)
            self._known.words.ignore(self._yielding.no_question(self._reply, self._known))
            self._known.note_quiet_line(self._reply.sounding)
        return self._drop("finished") + self.tick(now)

    def settled(self, now: float, sounded: bool) -> list[Decision]:
        """The last reply's Heard has arrived. `sounded`: some of it was heard, even if `sounding` came too late to say so."""
        if sounded and self._settling is not None:
            self._answer(self._settling)
        self._settling = None
        return self.tick(now)

    def _answer(self, reply: _Reply) -> None:
        """The caller hears the answer: its words need no other. Once: more may be said in their segment afterwards."""
        if reply.segments and reply is not self._last:
            self._known.words.answered(reply.segments)
            self._answered, self._last = reply.segments, reply
            self._given_up = ""

    @property
    def waiting(self) -> int:
        """How many asked-for replies have not begun."""
        return len(self._asked)

    def quiet(self) -> bool:
        """Whether nobody has the floor: nothing is said, nothing is being answered, no words wait for an answer."""
        idle = self._reply is None and self._settling is None and not self._asked
        return idle and not self._known.speech.active and not self._known.words.numbers()

    # --- decisions -------------------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `tick` should be called if nothing happens before."""
        return self._alarm.next

    def tick(self, now: float) -> list[Decision]:
        """What follows from the state at `now`."""
        self._alarm = Alarm()
        decisions: list[Decision] = []
        while step := self._step(now):
            decisions += step
        return decisions

    def _step(self, now: float) -> list[Decision]:
        if self._reply is None:
            return [] if self._settling else self._next_reply(now)
        if self._reply.confirmed is not None:
            return self._yield(now, self._reply, self._reply.confirmed)
        return self._speculative(now, self._reply)

    def _next_reply(self, now: float) -> list[Decision]:
        if self._asked:
            return [*self._begin(self._asked.popleft(), frozenset()), *self._confirm(now, "asked", None)]
        words = self._known.words
        segments = words.numbers()
        if not segments:
            return self._quiet(now)
        if plain(words.text()) == self._given_up:
            return []
        state, why = self._endpointing.judge(now, self._known, self._alarm)
        if state == "over":
            return [*self._begin(self._spoken(), segments), *self._confirm(now, why, self._known.ended())]
        if state == "maybe" and self._speculations < self.policy.listening.speculations:
            self._speculations += 1
            return self._begin(self._spoken(), segments)
        return []

    def _quiet(self, now: float) -> list[Decision]:
        said = self._silence.judge(now, self.quiet(), self._alarm)
        if said is None:
            return []
        if said == HANG_UP:
            return [HangUp()]
        return [*self._begin(Ask("", why="reminder", say=said), frozenset()), *self._confirm(now, "quiet", None)]

    def _speculative(self, now: float, reply: _Reply) -> list[Decision]:
        """An unconfirmed reply lives while the words are the same and the turn may be over."""
        state, why = self._endpointing.judge(now, self._known, self._alarm)
        if self._asked:
            return self._drop("asked")
        if state == "going":
            return self._drop("resumed")
        if plain(self._known.words.text()) != plain(reply.text):
            return self._drop("changed")
        return self._confirm(now, why, self._known.ended()) if state == "over" else []

    def _yield(self, now: float, reply: _Reply, confirmed: float) -> list[Decision]:
        waits = reply.sounding is None and not reply.working
        if waits and self._alarm.passed(now, max(confirmed, reply.worked) + self.policy.thinking.patience):
            return self.stop(now, TOO_SLOW)
        gate, why = self._yielding.judge(now, reply, self._known, self._alarm)
        if gate == "over":
            return self._drop("interrupted" if reply.begun else "continued", why)
        if gate == reply.gate:
            return []
        if gate == "open" and reply.sounding is not None:
            self._known.words.ignore(self._yielding.unheeded(reply, self._known))
        reply.gate = gate
        return [SetGate(gate, why)]

    # --- steps -----------------------------------------------------------------------------------------------------------------

    def _begin(self, ask: Ask, segments: frozenset[int]) -> list[Decision]:
        ask = replace(ask, interrupted=self._interrupted)
        self._silence.broken(by_caller=ask.why in ("words", "typed"))
        self._reply = _Reply(self._known.words.numbers(), ask.text if ask.why == "words" else "", ask=ask, segments=segments)
        return [Begin(ask)]

    def _confirm(self, now: float, why: str, ended: float | None) -> list[Decision]:
        assert self._reply is not None
        self._reply.confirmed, self._reply.deaf = now, self._known.speech.active or self._known.echoes.on_line
        self._known.echoes.begin()
        self._interrupted = False
        speculations, self._speculations = self._speculations, 0
        if why == "sent":
            self._known.sent = None
        return [Confirm(why, ended, speculations)]

    def _drop(self, why: str, because: str = "") -> list[Decision]:
        reply, self._reply = self._reply, None
        if reply is None:
            return []
        self._settling = None if reply.confirmed is None else reply
        cut = reply.sounding is not None and why in BY_THE_CALLER
        self._interrupted = self._interrupted or cut or (reply.ask.interrupted and reply.sounding is None)
        if why in ("typed", "continued") and reply.ask.why == "typed" and not reply.begun:
            self._asked.appendleft(reply.ask)  # every question that was typed is answered, in their order
        return [Drop(why, because)]

    def _spoken(self) -> Ask:
        return Ask(self._known.words.text(), language=self._known.words.language())
