"""A frame as a person can read it in passing: sound as its length and level, words as they are."""

from __future__ import annotations

import dataclasses
from typing import Any

from voicegraph.core.speech import level
from voicegraph.frames import Audio, Frame

LONGEST = 200
"""Characters of a text."""


def glimpse(frame: Frame) -> dict[str, Any]:
    """The fields of a frame, JSON-ready: of sound `ms`, `rate` and `level` (dBFS), of everything else what is a text, a number or a truth value.

    Without `t`, which counts from where the server's clock began."""
    fields: dict[str, Any] = {}
    for name in (field.name for field in dataclasses.fields(frame) if field.name != "t"):
        match getattr(frame, name):
            case str(text):
                fields[name] = text if len(text) <= LONGEST else text[:LONGEST] + "…"
            case bool() | int() as value:
                fields[name] = value
            case float(value):
                fields[name] = round(value, 3)
    if isinstance(frame, Audio):
        fields |= {"ms": round(frame.seconds * 1000), "level": round(level(frame.pcm), 1)}
    return fields
