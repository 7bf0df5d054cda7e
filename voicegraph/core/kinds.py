"""Words that several modules share."""

from __future__ import annotations

from typing import Literal

Gate = Literal["open", "ducked", "paused"]
"""What the caller hears of the reply: all of it, all of it but quieter, or nothing while it waits."""

Cue = Literal["start", "eager", "resume", "end", "gone"]
"""The speech model's own opinion: the turn began, is probably over, goes on after all, is over. `gone`: there is no such
opinion any more, because another model has taken its place."""
