"""Is the speech-to-text still listening? The voice detector as the watchdog of a service that stays connected and says nothing.

Feed what happens; `judge` says what is to be done, `deadline` when to ask. Pure: `now` is an argument. What the detector takes for speech may be a
noise, about which a service is right to say nothing. So a suspicion costs one fresh connection, and each that was unfounded makes the next one wait
for longer.
"""

from __future__ import annotations

from typing import Literal

LEAST = 0.25
"""Seconds of speech about which a service is expected to say something: the shortest words last as long, and clicks do not."""
HELD = 1.5
"""The same after it has said something: its last words, and a hesitation, may stay inside the model until the turn is over."""
LONGEST = 5.0
"""Seconds of speech without a sign of life after which nobody waits for its end."""
CONNECTING = 1.0
"""Seconds more that a fresh connection has."""
RESTS = (6.0, 20.0, 60.0, 180.0)
"""Seconds after a fresh connection before there can be another, by how many were of no use; the last one stays."""


class Vigil:
    """patience: seconds from the end of speech in which the service has to say something. turn: the same for the end of its turn, None where it tells
    none.

    Speech is *answered* when its final words, or the end of its turn, have come."""

    def __init__(self, patience: float, turn: float | None) -> None:
        self._patience = patience
        self._turn = turn
        self._on: float | None = None
        self._off = 0.0
        self._mute = 0.0
        """Seconds of speech since the last sign of life, without what is going on."""
        self._spoken = False
        """Whether there was speech since the last answer."""
        self._said = False
        """Whether the service has said something about it."""
        self._renewed: float | None = None
        """When a fresh connection hears the speech again; None when that is settled."""
        self._useless = 0
        self._rests_until = 0.0

    @property
    def waiting(self) -> bool:
        """Whether there is speech that is not answered: its sound may be needed again."""
        return self._spoken

    def speech(self, now: float, on: bool, t: float) -> None:
        """The detector says that speech began or ended, at `t`, which is known `now`."""
        if on and self._on is None:
            self._on, self._spoken = t, True
        elif not on and self._on is not None:
            self._mute += max(t - self._on, 0.0)
            self._on, self._off = None, now

    def sign(self, now: float) -> None:
        """The service has said something about the sound."""
        self._said, self._mute = self._spoken, 0.0
        self._on = None if self._on is None else now
        if self._renewed is not None:
            self._renewed, self._useless, self._rests_until = None, 0, 0.0

    def answered(self, now: float) -> None:
        """All speech so far has its answer, or will never have one."""
        self._spoken, self._said, self._mute = self._on is not None, False, 0.0
        self._on = None if self._on is None else now
        self._renewed = None

    def deadline(self, in_turn: bool) -> float | None:
        """When to `judge` if nothing happens before; None: there is nothing to wait for. in_turn: the service has begun a turn and not ended it."""
        start = max(self._off, self._renewed or 0.0)
        if self._on is not None:
            return max(self._on, self._renewed or 0.0) + LONGEST - self._mute
        if not self._spoken or (self._said and self._turn is None and self._mute < HELD):
            return None
        return start + (self._turn if self._turn is not None and in_turn and self._mute < HELD else self._patience)

    def judge(self, now: float, in_turn: bool) -> Literal["renew", "close"] | None:
        """`renew`: the service seems to have gone quiet, give the speech to a fresh connection. `close`: nothing more will come, make do without."""
        deadline = self.deadline(in_turn)
        if deadline is None or now < deadline:
            return None
        enough = self._on is not None or self._mute >= (HELD if self._said else LEAST)
        if not enough or self._renewed is not None or now < self._rests_until:
            return "close"
        self._renewed = now + CONNECTING
        self._rests_until = now + RESTS[min(self._useless, len(RESTS) - 1)]
        self._useless += 1
        return "renew"
