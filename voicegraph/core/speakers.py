"""Who said what, out of the segments of a transcription that tells speakers apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What one speaker said, from `start` to `end` (seconds of the clip). speaker: as the service names them, None where it does not."""

    text: str
    start: float
    end: float
    speaker: str | None


def script(parts: Sequence[Part]) -> str:
    """For a language model: `[0.1s -> 1.5s] speaker_1: …`, a line each."""
    return "\n".join(f"[{part.start:.1f}s -> {part.end:.1f}s] {f'{part.speaker}: ' if part.speaker else ''}{part.text.strip()}" for part in parts)
