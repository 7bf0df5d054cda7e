"""What a caller received, packet by packet, and when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicegraph.audio.wav import wav_bytes
from voicegraph.core.sound import Pcm

RATE = 48_000
"""Hz of everything recorded."""
AUDIBLE = 200
"""A sample above this is sound: -44 dB of full scale, far over what coding makes of silence."""


@dataclass(frozen=True, slots=True)
class Received:
    """One RTP packet: when it arrived (loop time), its timestamp, its sound."""

    t: float
    timestamp: int
    pcm: Pcm


class Recording:
    """The packets of a call in order of arrival, without any jitter buffer: its times are facts of the network.

    A sample is heard when its packet arrives, plus its place in the packet.
    """

    def __init__(self) -> None:
        self.packets: list[Received] = []
        self._sounds: list[tuple[float, float]] = []
        """The first and the last audible moment of each packet that has one."""

    def add(self, t: float, timestamp: int, pcm: Pcm) -> None:
        """A packet has arrived."""
        self.packets.append(Received(t, timestamp, pcm))
        loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > AUDIBLE)
        if loud.size:
            self._sounds.append((t + int(loud[0]) / RATE, t + (int(loud[-1]) + 1) / RATE))

    def first_sound_after(self, t: float) -> float | None:
        """When something audible first came at t or later."""
        return next((max(t, begin) for begin, end in self._sounds if end >= t), None)

    def last_sound_before(self, t: float) -> float | None:
        """When the last audible sample before t was heard."""
        return next((min(t, end) for begin, end in reversed(self._sounds) if begin <= t), None)

    def last_sound_after(self, t: float, pause: float = 0.5) -> float | None:
        """When the sound that is on at t, or follows it, ended: its last audible moment before `pause` seconds of silence (or before now)."""
        last: float | None = None
        for begin, end in self._sounds:
            if end < t:
                continue
            if last is not None and begin - last > pause:
                break
            last = end
        return last

    def sound(self, since: float = 0.0, until: float = float("inf")) -> Pcm:
        """What arrived between two times, laid out by its timestamps; what is missing is silence. Shape (n,), at RATE."""
        packets = [packet for packet in self.packets if since <= packet.t < until]
        if not packets:
            return np.zeros(0, np.int16)
        at = [_distance(packets[0].timestamp, packet.timestamp) for packet in packets]
        start = min(at)
        whole = np.zeros(max(a + packet.pcm.size for a, packet in zip(at, packets, strict=True)) - start, np.int16)
        for a, packet in zip(at, packets, strict=True):
            whole[a - start : a - start + packet.pcm.size] = packet.pcm
        return whole

    def save(self, path: Path, since: float = 0.0, until: float = float("inf")) -> None:
        """The same as a WAV file."""
        path.write_bytes(wav_bytes(self.sound(since, until), RATE))


def _distance(a: int, b: int) -> int:
    """From one 32-bit timestamp to another, over a wrap too."""
    return (b - a + (1 << 31)) % (1 << 32) - (1 << 31)
