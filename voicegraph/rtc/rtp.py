"""RTP packets (RFC 3550, section 5.1), as bytes come and go. Pure functions."""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEADER = struct.Struct("!BBHII")
_VERSION = 2


class RtpPacket(NamedTuple):
    """What matters of a packet that came in."""

    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> RtpPacket | None:
    """A decrypted packet without its contributing sources, header extension and padding; None when it is malformed."""
    end = len(data)
    if end < _HEADER.size:
        return None
    first, second, sequence_number, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != _VERSION:
        return None
    at = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if end < at + 4:
            return None
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    if at > end:
        return None
    return RtpPacket(second & 0x7F, sequence_number, timestamp, ssrc, data[at:end])


class Packetizer:
    """Payloads to packets of one source. extension: profile and value of the header extension that all of them carry (RFC 8285), its length a
    multiple of 4; b"" for none."""

    def __init__(self, payload_type: int, ssrc: int, sequence_number: int, timestamp: int, extension: tuple[int, bytes] = (0, b"")) -> None:
        profile, value = extension
        self._extension = struct.pack("!HH", profile, len(value) // 4) + value if value else b""
        self._first = _VERSION << 6 | (0x10 if value else 0)
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._sequence_number = sequence_number
        self.timestamp = timestamp
        """Of the next packet."""

    def packet(self, payload: bytes, marker: bool) -> bytes:
        """The next packet. marker: the first one after a pause (RFC 3551, section 4.1)."""
        header = _HEADER.pack(self._first, marker << 7 | self._payload_type, self._sequence_number, self.timestamp, self._ssrc)
        self._sequence_number = (self._sequence_number + 1) & 0xFFFF
        return header + self._extension + payload

    def skip(self, ticks: int) -> None:
        """The sound goes on by so many ticks of the RTP clock."""
        self.timestamp = (self.timestamp + ticks) & 0xFFFFFFFF
