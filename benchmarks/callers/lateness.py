"""How late a reply's packets come, and what is missing of it. Pure: facts of arrival in, numbers out.

**Lateness** is the packet delay variation of RFC 5481 (section 4.2), taken per reply: a packet is due when its RTP timestamp says, on the clock of
that reply's quickest packet, and it is late by the time it arrives after that. So the clock is anchored anew by each reply: what passes between two
replies, discontinuous transmission too, is no lateness.

One thing is added. A server that has stalled may skip the lost time in its timestamps instead of catching up with a burst; by timestamps alone it
would be on time again, while the caller hears a hole. So a packet after such a hole is late by the length of the hole as well. (A packet that the
network loses leaves a hole in the sequence numbers too: that is `lost`, and no lateness.)

**Missing** is the sound that a listener misses inside a reply: holes in the timestamps, and silence of 10 ms and more between the first and the last
sound. The stand-in's voice is an even tone without pauses, so any silence in it is the server's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

CLOCK = 48_000
"""Hz of RTP timestamps (RFC 7587)."""
BLOCK = 0.005
"""Seconds that each verdict on sound or silence covers."""
PAUSE = 1.2
"""Seconds without a sound that end a reply. The callers' schedule has longer ones between replies."""
SHORTEST_SILENCE = 2
"""Blocks: shorter silence is where the tone fades between two clauses."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet as it arrived. t: seconds. timestamp, sequence: without their wraps. sound: whether each BLOCK of it is audible."""

    t: float
    sequence: int
    timestamp: int
    sound: tuple[bool, ...]

    @property
    def seconds(self) -> float:
        return len(self.sound) * BLOCK


@dataclass(frozen=True, slots=True)
class Reply:
    """What was heard of one reply. Seconds; `late` has one entry per packet. lost: packets that the network (or the caller) dropped."""

    late: tuple[float, ...]
    missing: float
    seconds: float
    lost: int


def replies(packets: Sequence[Packet]) -> list[Reply]:
    """Every reply, or part of one, in the packets of a call, which are in order of arrival."""
    return [_reply(sorted(each, key=lambda packet: packet.sequence)) for each in _split(packets)]


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that is not below `share` (0 to 1) of all: the nearest-rank definition, which invents no values. 0 without samples."""
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)] if samples else 0.0


def _split(packets: Sequence[Packet]) -> Iterator[Sequence[Packet]]:
    """From the first packet with a sound to the last before a pause."""
    sounding = [n for n, packet in enumerate(packets) if any(packet.sound)]
    if not sounding:
        return
    begin = sounding[0]
    for last, n in pairwise(sounding):
        if packets[n].t - packets[last].t > PAUSE:
            yield packets[begin : last + 1]
            begin = n
    yield packets[begin : sounding[-1] + 1]


def _reply(packets: Sequence[Packet]) -> Reply:
    delays = [packet.t - packet.timestamp / CLOCK for packet in packets]
    holes = [0.0, *(_hole(one, other) for one, other in pairwise(packets))]
    quickest = min(delays)
    blocks = [sound for packet in packets for sound in packet.sound]
    first, last = blocks.index(True), len(blocks) - blocks[::-1].index(True)
    runs = [(sound, len(list(run))) for sound, run in groupby(blocks[first:last])]
    silent = sum(length for sound, length in runs if not sound and length >= SHORTEST_SILENCE)
    return Reply(
        late=tuple(delay - quickest + hole for delay, hole in zip(delays, holes, strict=True)),
        missing=silent * BLOCK + sum(holes),
        seconds=(last - first) * BLOCK + sum(holes),
        lost=sum(max(0, other.sequence - one.sequence - 1) for one, other in pairwise(packets)),
    )


def _hole(one: Packet, other: Packet) -> float:
    """Seconds of sound that were never sent between two packets."""
    between = (other.timestamp - one.timestamp) / CLOCK - one.seconds * (other.sequence - one.sequence)
    return between if between > BLOCK else 0.0
