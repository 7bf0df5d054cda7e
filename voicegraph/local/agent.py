"""An agent without a model: a few skills that are enough to try a voice out, to interrupt it, and to ask what it has said. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from voicegraph.local.story import STORY
from voicegraph.local.sums import number, sum_in

MOST = 100
"""How far it counts: about a minute and a half."""
ABILITIES = "I can tell you the time and the date, do sums, count, repeat what you say, and tell you a long story."


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and the name of the skill that found it."""

    skill: str
    text: str


class SmallAgent:
    """Remembers nothing but what was last heard of its answers."""

    def __init__(self) -> None:
        self.last_heard = ""
        self._is_repeating = False

    def answer(self, text: str, now: datetime, why: str = "words", interrupted: bool = False) -> Answer:
        """Answer what the caller said or typed; `why` and `interrupted` as in Turn. `now`: the caller's local time."""
        if why in _OCCASIONS:
            return Answer(why, _OCCASIONS[why])
        asked = _Asked(without_politeness(text), now, self.last_heard, interrupted)
        answer = next(_answers(asked))
        self._is_repeating = answer.skill == REPEATING
        return answer

    def heard(self, text: str) -> None:
        """A reply is over; the caller heard this much of it."""
        if text.strip() and not self._is_repeating:
            self.last_heard = text.strip()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a skill may look at."""

    text: str
    now: datetime
    heard: str
    interrupted: bool

    def has(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.text, re.IGNORECASE | re.DOTALL)


def _what_was_said(asked: _Asked) -> str | None:
    if not asked.has(r"\bwhat did you (?:just )?say\b|\bsay (?:that|it) again\b|^(?:pardon|come again|repeat that)\b"):
        return None
    if not asked.heard:
        return "I have not said anything yet."
    return f"I said: {asked.heard}" + (" … and then you interrupted me." if asked.interrupted else "")


def _repeat(asked: _Asked) -> str | None:
    found = asked.has(r"^(?:repeat(?: after me)?|say)\b[\s,:]+(.+)")
    return found[1] if found else None


def _sum(asked: _Asked) -> str | None:
    return sum_in(re.sub(r"^(?:what is|what's|whats|how much is|calculate|compute)\s+", "", asked.text, flags=re.IGNORECASE))


def _count(asked: _Asked) -> str | None:
    found = asked.has(r"\bcount(?: up| down)? (?:from (?P<first>.+?) )?(?:up |down )?to (?P<last>[\w,. -]+)")
    if not found:
        return None
    first, last = number(found["first"] or "one"), number(found["last"].strip(" .,"))
    if first is None or last is None or max(first, last) > MOST:
        return f"I count to {MOST} at most."
    step = 1 if first <= last else -1
    return ", ".join(map(str, range(int(first), int(last) + step, step))) + "."


def _date(asked: _Asked) -> str | None:
    today = asked.now
    return f"Today is {today:%A}, {today.day} {today:%B} {today.year}." if asked.has(r"\b(?:date|what day|which day|day is it)\b") else None


def _time(asked: _Asked) -> str | None:
    now = asked.now
    said = f"It is {now.hour % 12 or 12}:{now:%M} {'a.m.' if now.hour < 12 else 'p.m.'}"
    return said if asked.has(r"\b(?:what time|the time|what's the time|time is it|o'clock)\b") else None


REPEATING = "what-did-you-say"
_SKILLS: tuple[tuple[str, Callable[[_Asked], str | None]], ...] = (
    (REPEATING, _what_was_said),
    ("repeat", _repeat),
    ("sum", _sum),
    ("count", _count),
    ("date", _date),
    ("time", _time),
)
_TALK = (
    ("story", r"\bstory\b|\bfairy tale\b", STORY),
    ("help", r"\bhelp\b|\bwhat can you do\b", f"{ABILITIES} You can interrupt me at any time."),
    ("thanks", r"\bthank(?:s| you)\b", "You are welcome."),
    ("goodbye", r"\b(?:good ?bye|bye|see you)\b", "Goodbye! It was nice to talk to you."),
    ("greeting", r"\bhow are you\b", "I am fine, thank you. What can I do for you?"),
    ("greeting", r"\b(?:hello|hi|good (?:morning|afternoon|evening|day))\b", "Hello! What can I do for you?"),
    ("stop", r"^(?:stop|be quiet|never ?mind|that's enough|enough|wait|shut up)\b", "All right."),
    ("otherwise", "", f"I am a small agent without a language model. {ABILITIES}"),
)
_OCCASIONS = {"greeting": f"Hello! {ABILITIES}", "reminder": "Are you still there?"}
_POLITE = re.compile(
    r"^(?:(?:please|okay|ok|so|well|and|now|hey|can\ you|could\ you|would\ you)\b[\s,]*)+ | [\s,]*\b(?:please|for\ me|now)\W*$",
    re.IGNORECASE | re.VERBOSE,
)


def without_politeness(text: str) -> str:
    """What is asked, without "please", "could you" and their like around it."""
    return _POLITE.sub("", text.strip())


def _answers(asked: _Asked) -> Iterator[Answer]:
    """Every answer that a skill has, the most particular first; there is always one."""
    for name, skill in _SKILLS:
        said = skill(asked)
        if said:
            yield Answer(name, said)
    for name, pattern, text in _TALK:
        if asked.has(pattern):
            yield Answer(name, text)
