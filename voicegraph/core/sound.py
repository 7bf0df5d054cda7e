"""The type that all sound has in the program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono sound, shape (n,), 16 bit; its rate in Hz travels beside it."""
