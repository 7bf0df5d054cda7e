"""The six audio encodings of realtime transcription, read into floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono, shape (n,), full scale is ±1."""

_Reader = Callable[[bytes], Samples]

ENCODINGS = {"pcm_s16le": 2, "pcm_s32le": 4, "pcm_f16le": 2, "pcm_f32le": 4, "pcm_mulaw": 1, "pcm_alaw": 1}
"""The name on the wire → bytes per sample."""


def decode(audio: bytes, encoding: str) -> Samples:
    """Whole samples in one of `ENCODINGS` as floats."""
    return _READERS[encoding](audio)


def _integers(dtype: str) -> _Reader:
    scale = np.float32(1 / 2 ** (8 * np.dtype(dtype).itemsize - 1))
    return lambda audio: np.frombuffer(audio, dtype).astype(np.float32) * scale


def _floats(dtype: str) -> _Reader:
    return lambda audio: np.frombuffer(audio, dtype).astype(np.float32)


def _table(values: Samples) -> _Reader:
    return lambda audio: values[np.frombuffer(audio, np.uint8)]


def _mulaw() -> Samples:
    """ITU-T G.711, table 2a: the byte is inverted, then sign, 3 bits of exponent, 4 bits of mantissa."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw() -> Samples:
    """ITU-T G.711, table 1a: even bits are inverted, then sign, 3 bits of exponent, 4 bits of mantissa."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code & 0x70) >> 4).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(exponent == 0, mantissa, (mantissa + 0x100) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


_READERS: dict[str, _Reader] = {
    "pcm_s16le": _integers("<i2"),
    "pcm_s32le": _integers("<i4"),
    "pcm_f16le": _floats("<f2"),
    "pcm_f32le": _floats("<f4"),
    "pcm_mulaw": _table(_mulaw()),
    "pcm_alaw": _table(_alaw()),
}
