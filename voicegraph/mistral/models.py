"""What a model can do, by its name."""

from __future__ import annotations

import re

_VERSION = re.compile(r"-(?:realtime|tts|transcribe|mini|small|large)-(\d+)(?:-|$)")
_DATED = 1000
"""Voxtral 2 is numbered by year and month (`…-2602`), from Voxtral 3 on by version (`…-3-0`, alias `…-3`)."""


def is_voxtral_3(model: str) -> bool:
    """Whether it is Voxtral 3 or later: transcription detects turns, speech takes text over a WebSocket. A name without a version counts as older."""
    version = _VERSION.search(model)
    return version is not None and 3 <= int(version[1]) < _DATED
