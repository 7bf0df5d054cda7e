"""When to let RTP packets through: at once while they come in order, after a short wait at a gap, with something made up where one is lost.

Nothing here delays what has arrived in order, and no loss makes later packets wait longer: sound that comes in is worked on, not played,
so it needs no constant delay. Sequence numbers and timestamps are those of RFC 3550, jitter is its estimate (section 6.4.1), the length of
a packet is read from Opus (RFC 6716, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

CLOCK = 48_000
"""Hz of the timestamps of Opus."""
WAIT_MIN, WAIT_MAX = 0.020, 0.040
"""Seconds to wait at a gap for the packet that is missing; between them, three times the jitter."""
JITTERS = 3
IDLE = 0.120
"""Seconds without a packet after which time goes on without the caller: a muted or stalled sender must not freeze a voice detector."""
DTX = 1
"""Bytes: a packet of no more has no sound. A pause of the transmission begins with it (RFC 7587, section 3.1.3), so time goes on the sooner."""
IDLE_STEP = 0.060
"""Seconds of silence at a time from then on."""
DROPOUT = 100
"""Packets: a jump of the sequence number by more, either way, is a new beginning."""
MAX_GAP = CLOCK // 5
"""Ticks: more than 200 ms of missing sound are not made up."""

# Frame lengths in ticks by Opus configuration number (the upper five bits of the first byte): SILK, hybrid, CELT.
_FRAME = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


@dataclass(frozen=True, slots=True)
class Packet:
    """What matters of an RTP packet: its 16-bit sequence number, its 32-bit timestamp, its Opus payload."""

    sequence: int
    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: decode `payload`, or when it is None make up `ticks` of sound (at CLOCK Hz)."""

    payload: bytes | None
    ticks: int


@dataclass(frozen=True, slots=True)
class _Held:
    payload: bytes
    timestamp: int
    arrived: float


def duration(payload: bytes) -> int:
    """Ticks of sound in an Opus packet; 0 when it is damaged."""
    if not payload:
        return 0
    frame, code = _FRAME[payload[0] >> 3], payload[0] & 3
    if code < 3:
        return frame * (1, 2, 2)[code]
    return frame * (payload[1] & 63) if len(payload) > 1 else 0


class Arrival:
    """The packets of one source: `add` each and call `expire` at `deadline`; both return what to do, in order. Times in seconds, by any one clock."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}
        self._next: int | None = None
        """The sequence number, unwrapped, of the packet that is due."""
        self._end = 0
        """The timestamp, unwrapped, at which the sound so far ends."""
        self._released = 0.0
        """When sound, real or made up, last went on."""
        self._made_up = 0
        """Ticks of silence since the last real packet."""
        self._idle = False
        """Time goes on without the sender: it has been silent for too long, or has said that it will be."""
        self._jitter = 0.0
        self._transit: float | None = None

    @property
    def wait(self) -> float:
        """Seconds that a gap is given to close."""
        return min(WAIT_MAX, max(WAIT_MIN, JITTERS * self._jitter))

    @property
    def deadline(self) -> float | None:
        """When to call `expire`, or None before the first packet."""
        if self._held:
            return min(held.arrived for held in self._held.values()) + self.wait
        if self._next is None:
            return None
        return self._released + (IDLE_STEP if self._idle else IDLE)

    def add(self, packet: Packet, now: float) -> list[Step]:
        """A packet has arrived. Late ones and repetitions are dropped."""
        if self._next is None:
            self._begin(packet)
        sequence = _unwrap(packet.sequence, self._next or 0, 16)
        ahead = sequence - (self._next or 0)
        steps: list[Step] = []
        if abs(ahead) > DROPOUT:
            steps = self._skip(now)
            self._begin(packet)
            sequence = packet.sequence
        elif ahead < 0 or sequence in self._held:
            return []
        timestamp = _unwrap(packet.timestamp, self._end, 32)
        self._measure(timestamp, now)
        self._held[sequence] = _Held(packet.payload, timestamp, now)
        return steps + self._drain(now)

    def expire(self, now: float) -> list[Step]:
        """Time has passed: gaps that have waited long enough are given up, and a source that is silent is taken as that."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return []
        if self._held:
            self._next = min(self._held)
            return self._drain(now)
        ticks = round((now - self._released) * CLOCK)
        self._idle = True
        self._released = now
        self._made_up += ticks
        return [Step(None, ticks)]

    def _begin(self, packet: Packet) -> None:
        self._next = packet.sequence
        self._end = packet.timestamp
        self._transit = None

    def _skip(self, now: float) -> list[Step]:
        """Everything that is held, whatever is missing between."""
        steps: list[Step] = []
        while self._held:
            self._next = min(self._held)
            steps += self._drain(now)
        return steps

    def _drain(self, now: float) -> list[Step]:
        steps: list[Step] = []
        while self._next is not None and (held := self._held.pop(self._next, None)) is not None:
            self._next += 1
            gap = held.timestamp - self._end - self._made_up
            if 0 < gap <= MAX_GAP:
                steps.append(Step(None, gap))
            ticks = duration(held.payload)
            steps.append(Step(held.payload, ticks))
            self._end = held.timestamp + ticks
            self._made_up = 0
            self._released = now
            self._idle = len(held.payload) <= DTX
        return steps

    def _measure(self, timestamp: int, now: float) -> None:
        transit = now - timestamp / CLOCK
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit


def _unwrap(value: int, near: int, bits: int) -> int:
    """The number closest to `near` whose lowest bits are `value`."""
    span = 1 << bits
    return near + (value - near + span // 2) % span - span // 2
