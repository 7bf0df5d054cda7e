"""Where a turn starts and ends: a stand-in for the model's semantic turn detection, which knows nothing but silence."""

from __future__ import annotations

from typing import Literal

from voicegraph.testing.mistral.ears import FRAME, LAG

TurnChange = Literal["start", "eager_end", "resume", "end"]


class TurnDetector:
    """Start at speech, eager end and end after so many seconds of silence, resume at speech between the two. Pure: one step is 20 ms of audio."""

    def __init__(self, eager_end: float, min_silence: float) -> None:
        """Both in seconds of silence."""
        self._end = round(min_silence / FRAME)
        self._eager_end = min(round(eager_end / FRAME), self._end)
        self._state: Literal["idle", "speaking", "pausing"] = "idle"
        self._silence = 0  # frames

    def step(self, speech: bool) -> list[TurnChange]:
        """What changes with the next 20 ms; at most an eager end and an end at once."""
        return self._at_speech() if speech else self._at_silence()

    def _at_speech(self) -> list[TurnChange]:
        changes: dict[str, list[TurnChange]] = {"idle": ["start"], "speaking": [], "pausing": ["resume"]}
        change = changes[self._state]
        self._state = "speaking"
        self._silence = round(LAG / FRAME) - 1  # its first verdict comes that late
        return change

    def _at_silence(self) -> list[TurnChange]:
        changes: list[TurnChange] = []
        self._silence += 1
        if self._state == "speaking" and self._silence >= self._eager_end:
            self._state = "pausing"
            changes.append("eager_end")
        if self._state == "pausing" and self._silence >= self._end:
            self._state = "idle"
            changes.append("end")
        return changes
