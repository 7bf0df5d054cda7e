"""Opus (RFC 6716) in and out, 20 ms at a time: by libopus itself where it can be loaded, else through PyAV.

The encoder is mono, 32 kb/s, "lowdelay", complexity 5: 42 µs for 20 ms here. Complexity 10 takes half as long again, "voip" five times as long and
4 ms more delay (2.5 ms of lookahead against 6.5). Speech at this rate sounds no different.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av import AudioCodecContext, AudioFrame

from voicegraph.audio.resample import StreamResampler
from voicegraph.core.concealment import FADE, Concealer
from voicegraph.core.sound import Pcm
from voicegraph.rtc.libopus import LONGEST, LibraryDecoder, LibraryEncoder, OpusError, library

CLOCK = 48_000
"""Hz of RTP timestamps, whatever the rate of the sound (RFC 7587)."""
PACKETS_PER_SECOND = 50
PACKET = CLOCK // PACKETS_PER_SECOND
"""Ticks of the RTP clock in a packet of 20 ms."""
SECONDS = 1 / PACKETS_PER_SECOND
BIT_RATE = 32_000
COMPLEXITY = 5
EMPTY: Pcm = np.zeros(0, np.int16)


class _Encoding(Protocol):
    def encode(self, pcm: Pcm) -> bytes: ...


class Encoder:
    """Sound at one of OPUS_RATES to Opus packets of 20 ms."""

    def __init__(self, rate: int) -> None:
        found = library()
        self._codec: _Encoding = AvEncoder(rate) if found is None else LibraryEncoder(found, rate, BIT_RATE, COMPLEXITY)
        self._nothing = bytes(2 * (rate // PACKETS_PER_SECOND))
        self._silence = b""
        self._settled = False

    def encode(self, pcm: Pcm) -> bytes:
        """One packet from 20 ms, shape (rate // 50,).

        Once the encoder has settled on silence its packet is repeated without asking it again, so that a quiet call costs next to nothing.
        """
        if pcm.tobytes() != self._nothing:  # a fifth of the time of pcm.any()
            self._settled = False
            self._silence = b""
            return self._codec.encode(pcm)
        if not self._settled:
            packet = self._codec.encode(pcm)
            self._settled = packet == self._silence
            self._silence = packet
        return self._silence

    @property
    def silent(self) -> bool:
        """Whether the last packet was one of lasting silence, as the one before it."""
        return self._settled


class _Decoding(Protocol):
    def decode(self, payload: bytes) -> Pcm: ...
    def recover(self, payload: bytes, n: int) -> Pcm: ...
    def conceal(self, n: int) -> Pcm: ...


class Decoder:
    """Opus packets, of one or two channels, to mono sound at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        found = library()
        self._codec: _Decoding = AvDecoder(rate) if found is None else LibraryDecoder(found, rate)
        self._rate = rate
        self._step = rate // 400  # 2.5 ms, of which libopus makes up whole numbers
        self._fade = int(rate * FADE)
        self._made = 0

    def decode(self, payload: bytes) -> Pcm:
        """Shape (n,); empty when the packet is damaged."""
        try:
            pcm = self._codec.decode(payload)
        except OpusError:
            return EMPTY
        self._made = 0
        return pcm

    def conceal(self, n: int) -> Pcm:
        """n samples for which nothing has come: they go on from the last real sound, and are silent after 60 ms."""
        voiced = max(0, min(n, self._fade - self._made)) // self._step * self._step
        self._made += n
        pcm = np.zeros(n, np.int16)
        if voiced:
            pcm[:voiced] = self._codec.conceal(voiced)
        return pcm

    def recover(self, payload: bytes, n: int) -> Pcm:
        """n samples that were lost just before this packet, which may carry a copy of them; call `decode` with it next."""
        last = min(n, int(self._rate * LONGEST)) // self._step * self._step
        try:
            copied = self._codec.recover(payload, last)
        except OpusError:
            copied = self.conceal(last)
        return copied if last == n else np.concatenate([self.conceal(n - last), copied])


class AvEncoder:
    """The same by FFmpeg's libopus."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._samples = rate // PACKETS_PER_SECOND
        self._codec = AudioCodecContext.create("libopus", "w")
        self._codec.thread_count = 1
        self._codec.bit_rate = BIT_RATE
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.sample_rate = rate
        self._codec.time_base = Fraction(1, rate)
        self._codec.options = {"application": "lowdelay", "frame_duration": "20", "compression_level": str(COMPLEXITY)}
        self._pts = 0

    def encode(self, pcm: Pcm) -> bytes:
        frame = AudioFrame.from_ndarray(pcm.reshape(1, self._samples), format="s16", layout="mono")
        frame.sample_rate = self._rate
        frame.pts = self._pts
        frame.time_base = Fraction(1, self._rate)
        self._pts += self._samples
        return b"".join(map(bytes, self._codec.encode(frame)))


class AvDecoder:
    """The same by FFmpeg's libopus, which gives 48 kHz and cannot conceal or recover. The first packet comes out up to a millisecond short."""

    def __init__(self, rate: int) -> None:
        self._codec = AudioCodecContext.create("libopus", "r")
        self._codec.thread_count = 1
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.sample_rate = CLOCK
        self._resampler = StreamResampler(CLOCK, rate)
        self._concealer = Concealer(rate)

    def decode(self, payload: bytes) -> Pcm:
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError as problem:
            raise OpusError(str(problem)) from problem
        pieces = [self._resampler.feed(np.asarray(frame.to_ndarray().reshape(-1), np.int16)) for frame in frames]
        pcm = pieces[0] if len(pieces) == 1 else np.concatenate([EMPTY, *pieces])
        self._concealer.keep(pcm)
        return pcm

    def recover(self, payload: bytes, n: int) -> Pcm:  # the copy cannot be read
        return self._concealer.conceal(n)

    def conceal(self, n: int) -> Pcm:
        return self._concealer.conceal(n)
