"""libopus (RFC 6716) itself, through ctypes: it comes inside of PyAV's wheel and is loaded with it.

Next to FFmpeg's wrapping it decodes straight to the rate that is wanted, in a third of the time; it conceals losses with what the codec
knows of the voice, reads the copy of a lost packet that the next one may carry (in-band FEC), and starts no threads.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np

from voicegraph.core.sound import Pcm
from voicegraph.errors import VoicegraphError

Application = int
VOIP: Application = 2048
LOW_DELAY: Application = 2051

# From opus_defines.h, which promises never to change them.
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS_PERC = 4002, 4010, 4012, 4014

LARGEST = 1500
"""Bytes of one packet."""
LONGEST = 0.120
"""Seconds of one packet."""


class OpusError(VoicegraphError):
    """libopus has refused something, by the number that it gives."""


@cache
def library() -> ctypes.CDLL | None:
    """The library, or None where there is none that can be loaded."""
    for name in _places():
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue  # another one of its name may do
    return None


def _places() -> Iterator[str]:
    """PyAV's own copy, as its wheels for Linux and Windows, and for macOS, have it; then the system's."""
    package = Path(av.__file__).parent
    for folder in (package.parent / "av.libs", package / ".dylibs"):
        yield from map(str, sorted(folder.glob("*opus[-.]*")))
    if (found := ctypes.util.find_library("opus")) is not None:
        yield found


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    for name, arguments in {
        "opus_encoder_get_size": (number,),
        "opus_encoder_init": (pointer, number, number, number),
        "opus_encoder_ctl": (pointer, number),  # the rest is variadic
        "opus_encode": (pointer, pointer, number, pointer, number),
        "opus_decoder_get_size": (number,),
        "opus_decoder_init": (pointer, number, number),
        "opus_decode": (pointer, ctypes.c_char_p, number, pointer, number, number),
    }.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, number
    return library


def _checked(result: int) -> int:
    if result < 0:
        raise OpusError(f"libopus has refused a call (error {result})")
    return result


class LibraryEncoder:
    """Mono int16 at `rate`, 20 ms at a time, to packets.

    loss: per cent of the packets that the receiver misses; with any, each carries a copy of the one before it, where the application has that (VOIP).
    """

    def __init__(self, library: ctypes.CDLL, rate: int, bit_rate: int, complexity: int, application: Application = LOW_DELAY, loss: int = 0) -> None:
        self._encode = library.opus_encode
        self._state = ctypes.create_string_buffer(_checked(library.opus_encoder_get_size(1)))
        _checked(library.opus_encoder_init(self._state, rate, 1, application))
        for request, value in (
            (_SET_BITRATE, bit_rate),
            (_SET_COMPLEXITY, complexity),
            (_SET_INBAND_FEC, int(loss > 0)),
            (_SET_PACKET_LOSS_PERC, loss),
        ):
            _checked(library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))
        self._pcm = np.zeros(rate // 50, np.int16)
        self._from = self._pcm.ctypes.data
        self._packet = ctypes.create_string_buffer(LARGEST)

    def encode(self, pcm: Pcm) -> bytes:
        self._pcm[:] = pcm
        size = _checked(self._encode(self._state, self._from, len(self._pcm), self._packet, LARGEST))
        return ctypes.string_at(self._packet, size)


class LibraryDecoder:
    """Packets to mono int16 at `rate`. Raises OpusError for a damaged one."""

    def __init__(self, library: ctypes.CDLL, rate: int) -> None:
        self._decode = library.opus_decode
        self._state = ctypes.create_string_buffer(_checked(library.opus_decoder_get_size(1)))
        _checked(library.opus_decoder_init(self._state, rate, 1))
        self._pcm = np.zeros(round(rate * LONGEST), np.int16)
        self._to = self._pcm.ctypes.data

    def decode(self, payload: bytes) -> Pcm:
        return self._take(payload, len(self._pcm), fec=0)

    def recover(self, payload: bytes, n: int) -> Pcm:
        """The n samples before this packet, from the copy that it carries; concealed where it carries none."""
        return self._take(payload, min(n, len(self._pcm)), fec=1)

    def conceal(self, n: int) -> Pcm:
        """n samples that go on from the last; n must be a multiple of 2.5 ms, at most LONGEST."""
        return self._take(None, n, fec=0)

    def _take(self, payload: bytes | None, room: int, fec: int) -> Pcm:
        count = _checked(self._decode(self._state, payload, len(payload or b""), self._to, room, fec))
        return self._pcm[:count].copy()
