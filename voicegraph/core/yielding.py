"""Does the caller want the floor back while a confirmed reply is being made or sounds? Duck, pause, or give it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voicegraph.core.echo import ANSWER
from voicegraph.core.endpoint import plain
from voicegraph.core.evidence import Alarm, Evidence
from voicegraph.core.kinds import Gate
from voicegraph.core.policy import Policy

TRAVEL = 0.3
"""Seconds that sound may be on its way to the caller and back, beyond what the caller's client reports."""


@dataclass(slots=True)
class Floor:
    """A reply that has the floor. Times are when it got there, None before."""

    known: frozenset[int]
    """The segments that had words when it began, and when it began to sound: none of them speaks over it."""
    text: str = ""
    """The spoken words that it answers; "" when it answers none."""
    confirmed: float | None = None
    sounding: float | None = None
    committed: bool = False
    """It has had an effect that cannot be taken back."""
    gate: Gate = "open"
    deaf: bool = False
    """Speech that does not count as speech over it: it was going on when it was confirmed (or is noise taken for it), or it is its own echo."""

    @property
    def begun(self) -> bool:
        """Whether its words are answered: it has begun to sound, or had its effect."""
        return self.committed or self.sounding is not None


Verdict = tuple[Gate | Literal["over"], str]
"""What the caller is to hear of the reply, or that it is over; and why, in words for people."""


@dataclass(frozen=True, slots=True)
class Yielding:
    """`judge` says what the caller is to hear of the reply now, or that it is over."""

    policy: Policy

    def judge(self, now: float, floor: Floor, known: Evidence, alarm: Alarm) -> Verdict:
        if floor.sounding is not None and self._protected(now, floor.sounding, alarm):
            return "open", "protected"
        if self._words_take_it(floor, known):
            return "over", "words"
        return self._speech_takes_it(now, floor, known, alarm)

    def _protected(self, now: float, sounding: float, alarm: Alarm) -> bool:
        speaking = self.policy.speaking
        return self.policy.listening.manual or not speaking.interruptible or not alarm.passed(now, sounding + speaking.protect)

    def _words_take_it(self, floor: Floor, known: Evidence) -> bool:
        """Whether words beyond the turn that is being answered have come, other than sounds of listening and echoes."""
        if not floor.begun:  # the caller goes on, or late words change the question; what was typed is answered all the same
            return bool(floor.text) and plain(known.words.text()) != plain(floor.text)
        echoes = self._echoes(floor, known)
        if echoes:
            floor.deaf = True
            known.echoes.on_line = known.echoes.on_line or any(self._is_long(each, known) for each in echoes)
        said = plain(known.words.text(but=floor.known | known.words.listening(self.policy.speaking.ignore) | echoes))
        return len(said.split()) >= self.policy.speaking.words

    def _echoes(self, floor: Floor, known: Evidence) -> frozenset[int]:
        if not self.policy.speaking.echo:
            return frozenset()
        return frozenset(number for number in known.words.numbers() - floor.known if known.echoes.repeats(number, known.words.text_of([number])))

    def no_question(self, floor: Floor, known: Evidence) -> frozenset[int]:
        """The segments said over the reply that need no answer: sounds of listening, and the reply's echo.

        A word or two that repeat it may as well be an answer, and so may a "yes" into the end of a question: they wait for their turn."""
        echoes = frozenset(each for each in self._echoes(floor, known) if self._is_long(each, known))
        listening = known.words.listening(self.policy.speaking.ignore) - floor.known
        return echoes | frozenset(each for each in listening if not known.echoes.answers(each))

    def _is_long(self, segment: int, known: Evidence) -> bool:
        return len(plain(known.words.text_of([segment])).split()) > ANSWER

    def is_late_echo(self, segment: int, known: Evidence) -> bool:
        """Whether words that come while nothing sounds are the echo of the reply before: they repeat it, and their speech began before its end had
        reached the caller. Who answers by repeating it begins later."""
        began, end = known.speech.on, known.echoes.last + known.echoes.delay + TRAVEL
        if not self.policy.speaking.echo or began is None or began > end or not self._is_long(segment, known):
            return False
        return known.echoes.repeats(segment, known.words.text_of([segment]))

    def unheeded(self, floor: Floor, known: Evidence) -> frozenset[int]:
        """The segments that a reply which goes on has passed over: too little to end it, and no answer to it either."""
        rest = known.words.numbers() - floor.known - self._echoes(floor, known)
        return frozenset(each for each in rest if not known.echoes.answers(each)) | self.no_question(floor, known)

    def _speech_takes_it(self, now: float, floor: Floor, known: Evidence, alarm: Alarm) -> Verdict:
        """How far speech over the reply has pushed it back."""
        speech, speaking, thinking = known.speech, self.policy.speaking, self.policy.thinking
        pause, drop = (thinking.pause, thinking.drop) if floor.sounding is None else (speaking.pause, speaking.drop)
        if speech.active and speech.on is not None and not floor.deaf:
            if alarm.passed(now, speech.on + drop):
                return "over", "speech"
            if alarm.passed(now, speech.on + pause):
                return "paused", "speech"
            if floor.sounding is not None and alarm.passed(now, speech.on + speaking.duck):
                return ("paused" if floor.gate == "paused" else "ducked"), "speech"
            return floor.gate, "speech"
        quiet_since = now if speech.off is None else speech.off
        waits = floor.gate == "paused" and not floor.deaf and not self._nothing_said(floor, known)
        if waits and not alarm.passed(now, quiet_since + speaking.restore):
            return "paused", "speech"
        return "open", self._why_not(floor, known)

    def _why_not(self, floor: Floor, known: Evidence) -> str:
        """Why a reply that had yielded goes on."""
        if floor.deaf:
            return "echo" if self._echoes(floor, known) else "noise"
        if floor.gate == "ducked":
            return "too short"
        if known.words.listening(self.policy.speaking.ignore) - floor.known:
            return "sound of listening"
        return "nothing was said" if self._nothing_said(floor, known) else "no words came"

    def _nothing_said(self, floor: Floor, known: Evidence) -> bool:
        """Whether the final words of the speech over the reply are known, and nothing (or nothing that counts) was said."""
        return known.speech.final_since and known.words.settled(but=floor.known)
