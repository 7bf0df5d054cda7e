"""When is the caller's turn over? By hand, by the model's turn events, or by silence after words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voicegraph.core.endpoint import ending
from voicegraph.core.evidence import Alarm, Evidence
from voicegraph.core.policy import Listening

State = Literal["going", "maybe", "over"]


@dataclass(frozen=True, slots=True)
class Endpointing:
    """`judge` says whether the turn goes on, is probably over, or is over, and what says so."""

    policy: Listening

    def judge(self, now: float, known: Evidence, alarm: Alarm) -> tuple[State, str]:
        if known.sent is not None:
            return self._by_hand(now, known, known.sent, alarm)
        if self.policy.manual:
            return "going", ""
        return self._by_cues(now, known, alarm) if self._has_cues(known) else self._by_silence(now, known, alarm)

    def _has_cues(self, known: Evidence) -> bool:
        """Whether the model tells this turn: not when it has stopped to, and words have come that no turn event announced, while a detector hears."""
        return known.cues.seen and not (known.detector and self._beyond(known))

    def _beyond(self, known: Evidence) -> bool:
        """Whether there are words of a later turn than the last event was about."""
        return max(known.words.numbers(), default=-1) > known.cues.segment

    def _by_hand(self, now: float, known: Evidence, sent: float, alarm: Alarm) -> tuple[State, str]:
        complete = known.words.settled() and known.speech.final_since
        return ("over", "sent") if complete or alarm.passed(now, sent + self.policy.final_wait) else ("going", "")

    def _by_silence(self, now: float, known: Evidence, alarm: Alarm) -> tuple[State, str]:
        speech, policy = known.speech, self.policy
        if speech.active:  # for ever, where the detector takes a noisy room for speech; then words that stop coming decide
            return ("over", "watchdog") if alarm.passed(now, known.last_words + policy.watchdog) else ("going", "")
        since = known.last_words if speech.off is None else speech.off
        settled = known.words.settled()
        complete = settled and (speech.off is None or speech.final_since)
        if not complete and not alarm.passed(now, (since if settled else max(since, known.last_words)) + policy.final_wait):
            return "going", ""
        silence = {"closed": policy.silence, "unsure": policy.unsure_silence, "open": policy.open_silence}[
            ending(known.words.text(), known.words.language())
        ]
        return ("over", "silence") if alarm.passed(now, since + silence) else ("maybe", "")

    def _by_cues(self, now: float, known: Evidence, alarm: Alarm) -> tuple[State, str]:
        cues, speech = known.cues, known.speech
        current = not self._beyond(known)
        if current and cues.last == "end":
            return "over", "model"
        ended = speech.off if speech.off is not None and not speech.active else cues.at
        if alarm.passed(now, max(ended, cues.at, known.last_words) + self.policy.watchdog):
            return "over", "watchdog"
        return ("maybe", "") if current and cues.last == "eager" else ("going", "")
