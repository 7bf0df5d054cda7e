"""When nobody says anything: reminders, and in the end hanging up."""

from __future__ import annotations

from typing import Final, Literal

from voicegraph.core.evidence import Alarm
from voicegraph.core.policy import Reminders

HANG_UP: Final = "hang up"


class Silence:
    """Counts the reminders since the caller last said something."""

    def __init__(self, policy: Reminders) -> None:
        self._policy = policy
        self._told = 0
        self._since: float | None = None

    def broken(self, by_caller: bool) -> None:
        """Somebody has the floor; `by_caller`: because the caller said something."""
        self._since = None
        if by_caller:
            self._told = 0

    def judge(self, now: float, quiet: bool, alarm: Alarm) -> str | Literal["hang up"] | None:
        """What to say now, or HANG_UP, or None while it is too early. `quiet`: nobody has the floor."""
        if not self._policy.words or not quiet:
            self._since = None
            return None
        if self._since is None:
            self._since = now
        if not alarm.passed(now, self._since + self._policy.after):
            return None
        self._since = None
        self._told += 1
        if self._told <= (self._policy.count or len(self._policy.words)):
            return self._policy.words[(self._told - 1) % len(self._policy.words)]
        return HANG_UP if self._policy.hang_up else None
