"""The sound that stands for speech: a sine whose frequency a test can recognise, as long as its text."""

from __future__ import annotations

import numpy as np

from voicegraph.testing.mistral.behaviour import Script
from voicegraph.testing.mistral.encodings import Samples

RATE = 24_000
"""Hz."""
_LEVEL = 0.3
_FADE = 0.005  # seconds


def speak(text: str, script: Script) -> Samples:
    """float32 at 24 kHz, level 0.3, with fades of 5 ms so that it does not click. Empty for text without a word."""
    count = round(len(text.strip()) * script.seconds_per_character * RATE)
    sound = _LEVEL * np.sin(2 * np.pi * script.frequency(text) / RATE * np.arange(count))
    fade = min(round(_FADE * RATE), count // 2)
    ramp = np.arange(fade) / max(fade, 1)
    sound[:fade] *= ramp
    sound[count - fade :] *= ramp[::-1]
    return np.asarray(sound, np.float32)
