"""Words that several modules share."""

from __future__ import annotations

from typing import Literal

Gate = Literal["open", "ducked", "paused"]
"""What the caller hears of the reply: all of it, all of it but quieter, or nothing while it waits."""

Cue = Literal["start", "eager", "resume", "end"]
"""The speech model's own opinion: the turn began, is probably over, goes on after all, is over."""
