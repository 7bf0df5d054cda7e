"""What the floor knows at a moment: the words, the voice detector, the model's turn events, the buttons. No decisions here."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicegraph.core.echo import Echoes
from voicegraph.core.kinds import Cue
from voicegraph.core.words import Unanswered


@dataclass(slots=True)
class Speech:
    """The voice detector's view. `on`/`off`: when speech last began and ended, None before."""

    active: bool = False
    on: float | None = None
    off: float | None = None
    final_since: bool = False
    """Whether final words have come since it ended."""


@dataclass(slots=True)
class Cues:
    """The model's own view of the turn, for models that have one."""

    seen: bool = False
    last: Cue = "start"
    at: float = 0.0
    segment: int = -1
    """The turn that the last cue is about; words of a later one are not over with it."""


@dataclass(slots=True)
class Evidence:
    """All of it."""

    words: Unanswered = field(default_factory=Unanswered)
    speech: Speech = field(default_factory=Speech)
    cues: Cues = field(default_factory=Cues)
    echoes: Echoes = field(default_factory=Echoes)
    detector: bool = False
    """Whether there is a voice detector; without one the model's turn events stand in for it."""
    last_words: float = 0.0
    sent: float | None = None
    """When the caller said by hand that the turn is over; None while it is not."""

    def note_quiet_line(self, sounding: float | None) -> None:
        """A reply that began to sound then has been heard to its end: a line on which nothing came back meanwhile has no echo any more."""
        quiet = not self.speech.active and (self.speech.on is None or (sounding is not None and self.speech.on < sounding))
        self.echoes.on_line = self.echoes.on_line and not quiet

    def ended(self) -> float | None:
        """When the caller's speech ended, as far as anything knows."""
        if self.speech.active:
            return None
        return self.speech.off if self.speech.off is not None else self.cues.at if self.cues.seen else None


class Alarm:
    """Remembers the nearest moment at which something that is asked about will have come."""

    def __init__(self) -> None:
        self.next: float | None = None

    def passed(self, now: float, when: float) -> bool:
        """Whether a moment has come; if not, it is one to be called at."""
        if now >= when:
            return True
        self.next = when if self.next is None else min(self.next, when)
        return False
