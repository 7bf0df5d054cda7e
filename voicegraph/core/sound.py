"""The type that all sound has in the program, and the rates at which it can travel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono sound, shape (n,), 16 bit; its rate in Hz travels beside it."""

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
"""Hz that Opus codes natively (RFC 6716, section 2): what can be sent to a caller without resampling."""
