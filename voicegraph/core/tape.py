"""The caller's last sound, kept until its words have come, so that a new connection can hear it again."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

SAMPLE = 2
"""Bytes of one sample: mono int16."""


@dataclass(frozen=True, slots=True)
class Flush:
    """A mark on the tape: here this segment ends."""

    segment: int


@dataclass(frozen=True, slots=True)
class _Piece:
    end: int
    """Samples since the call began."""
    t: float
    pcm: bytes = b""
    flush: Flush | None = None


class Tape:
    """Pieces of sound and flushes in order, read once by each connection.

    rate: Hz. Positions count samples since the call began; a connection's own clock begins with the first sample it was given.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._pieces: list[_Piece] = []
        self._next = 0
        self._end = 0
        self._origin = 0
        self._latest = _Piece(0, 0.0)

    @property
    def unread(self) -> float:
        """Seconds of sound that the connection has not been given yet."""
        start = self._pieces[self._next - 1].end if self._next else self._start
        return (self._end - start) / self._rate

    @property
    def _start(self) -> int:
        """The position of the oldest sample that is kept."""
        return self._pieces[0].end - len(self._pieces[0].pcm) // SAMPLE if self._pieces else self._end

    def add(self, pcm: bytes, t: float) -> None:
        """Sound came in: int16 bytes, whose last sample arrived at `t`."""
        self._end += len(pcm) // SAMPLE
        self._latest = _Piece(self._end, t, pcm)
        self._pieces.append(self._latest)

    def flush(self, segment: int) -> None:
        """The segment ends here."""
        self._pieces.append(_Piece(self._end, self._latest.t, flush=Flush(segment)))

    def read(self, limit: int) -> bytes | Flush | None:
        """What the connection is to be given next: up to `limit` bytes of sound, or a flush; None when there is nothing."""
        first = self._next
        size = 0
        for piece in self._pieces[first:]:
            if piece.flush is not None or (size and size + len(piece.pcm) > limit):
                break
            size += len(piece.pcm)
            self._next += 1
        if self._next > first:
            return b"".join(piece.pcm for piece in self._pieces[first : self._next])
        if first == len(self._pieces):
            return None
        self._next += 1
        return self._pieces[first].flush

    def rewind(self) -> None:
        """A new connection begins: it will be given everything that is kept."""
        self._next = 0
        self._origin = self._start

    def answered(self, segment: int) -> None:
        """The words of this flushed segment have come: forget its sound."""
        for index, piece in enumerate(self._pieces):
            if piece.flush is not None and piece.flush.segment == segment:
                self._forget(index + 1)
                return

    def heard_until(self, seconds: float) -> None:
        """The words of everything before this moment of the connection's clock have come."""
        self._forget(self._upto(self._origin + seconds * self._rate))

    def trim(self, read: float, most: float) -> None:
        """Keep about so many seconds of what was read already, and no more than `most` in all."""
        if self._end - self._start <= (read + 1) * self._rate:
            return  # a second at a time: it moves the whole list
        count = min(self._next, self._upto(self._end - read * self._rate))
        self._forget(max(count, self._upto(self._end - most * self._rate)))

    def when(self, seconds: float) -> float:
        """The loop's time at which the sample at this moment of the connection's clock arrived."""
        position = self._origin + seconds * self._rate
        index = self._upto(position)
        piece = self._pieces[index] if index < len(self._pieces) else self._latest
        return piece.t - (piece.end - position) / self._rate

    def _upto(self, position: float) -> int:
        """How many pieces lie before this position."""
        return bisect_right(self._pieces, position, key=lambda piece: piece.end)

    def _forget(self, count: int) -> None:
        if count > self._next:  # what is never given does not count on the connection's clock
            given = self._pieces[self._next - 1].end if self._next else self._start
            self._origin += self._pieces[count - 1].end - given
        del self._pieces[:count]
        self._next = max(0, self._next - count)
