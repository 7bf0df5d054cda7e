"""How patient the agent is, in numbers: one set per state of the conversation, and three presets.

Seconds throughout. What the values mean to a caller is in docs/turn-taking.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicegraph.core.backchannels import BACKCHANNELS


@dataclass(frozen=True, slots=True)
class Listening:
    """While the caller has the floor: when is the turn over?"""

    silence: float = 0.45
    """After a finished sentence."""
    unsure_silence: float = 0.6
    """After words that may be finished or not (no punctuation)."""
    open_silence: float = 1.0
    """After words that ask for more: a comma, "and…", a number being dictated."""
    final_wait: float = 0.6
    """How long after the speech the final words may take before the partial ones are used."""
    watchdog: float = 2.5
    """Silence after which the turn is over although a model with turn events has not said so."""
    speculations: int = 3
    """How often per turn a reply may be begun before the turn is certainly over; 0: never."""
    manual: bool = False
    """True: only the caller's hand ends a turn (push to talk), and only it stops a reply."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """While the reply is being made and nothing of it has sounded."""

    pause: float = 0.22
    """Speech after which the reply may not start to sound."""
    drop: float = 2.0
    """Speech after which the reply is given up without knowing a word of it."""
    patience: float = 8.0
    """How long a reply may take to its first sound before it is given up; anew after a tool."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """While the reply sounds: how much does it take to stop it?"""

    interruptible: bool = True
    """False: nothing that is said stops a reply (a command still does)."""
    protect: float = 0.0
    """The beginning of each reply that nothing which is said stops."""
    duck: float = 0.08
    """Speech after which the reply gets quieter."""
    pause: float = 0.22
    """Speech after which it waits in silence."""
    drop: float = 2.0
    """Speech after which it is over without knowing a word of it."""
    words: int = 1
    """Words that end it."""
    restore: float = 0.5
    """After the speech over it has ended: how long to wait for words before it goes on."""
    ignore: frozenset[str] = BACKCHANNELS
    """What does not count as words."""
    echo: bool = True
    """Whether words that repeat what was just spoken are taken for its echo."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """While nobody has the floor."""

    after: float = 10.0
    """Silence before each reminder, and before hanging up."""
    words: tuple[str, ...] = ()
    """What is said, one after the other; none: silence is left alone."""
    count: int | None = None
    """How many reminders; None: as many as there are words."""
    hang_up: bool = True
    """Whether the call ends when the last reminder was of no use."""


@dataclass(frozen=True, slots=True)
class Policy:
    listening: Listening = field(default_factory=Listening)
    thinking: Thinking = field(default_factory=Thinking)
    speaking: Speaking = field(default_factory=Speaking)
    reminders: Reminders = field(default_factory=Reminders)
    apology: str | None = None
    """What is said when a reply cannot be made or is given up."""


PRESETS: Mapping[str, Policy] = {
    "eager": Policy(
        listening=Listening(silence=0.3, unsure_silence=0.4, open_silence=0.7, final_wait=0.4),
        speaking=Speaking(duck=0.06, pause=0.2, drop=1.2, restore=0.4),
    ),
    "balanced": Policy(),
    "patient": Policy(
        listening=Listening(silence=0.8, unsure_silence=1.1, open_silence=2.0, final_wait=0.8, watchdog=4.0, speculations=1),
        speaking=Speaking(duck=0.1, pause=0.3, drop=3.0, words=2, restore=0.8),
    ),
}
