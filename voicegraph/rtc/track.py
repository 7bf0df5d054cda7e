"""The outgoing track: sound is pulled packet by packet and encoded here.

`fastpath` sends its payloads by the process's one clock. Where that does not fit, aiortc's sender asks for packets, and the track keeps the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from voicegraph.core.sound import OPUS_RATES, Pcm
from voicegraph.errors import CallFailed
from voicegraph.graph.line import Asleep, Pull, never
from voicegraph.rtc.opus import CLOCK, PACKET, PACKETS_PER_SECOND, SECONDS, Encoder

TIME_BASE = Fraction(1, CLOCK)
HANGOVER = 25
"""Packets of silence sent before transmission becomes discontinuous: receivers' jitter buffers let go of the last of the speech with them."""
DTX_INTERVAL = 20
"""One packet in so many is sent then: 400 ms, as Opus itself has it (RFC 6716, section 2.1.9)."""


class OutgoingTrack(MediaStreamTrack):
    """Gives one Opus packet every 20 ms, from the first moment, silence included: browsers announce a track only when sound arrives.
    In lasting silence it gives fewer (`dtx`: discontinuous transmission), which saves an idle call a good part of its processor time.

    By itself it keeps absolute deadlines, waits first and pulls then, so that what is cut or paused is silent from the very next packet on.
    After a stall it does not catch up with a burst: the sound goes on from the same sample, and the RTP timestamp jumps over the time
    that is lost, as after any pause of a sender.

    Handing out `av.Packet` makes aiortc skip its level meter and its executor.
    """

    kind = "audio"

    def __init__(self, *, dtx: bool = True) -> None:
        super().__init__()
        self.on_wake: Callable[[], None] = _nothing
        """Called when there may be sound again, before the periods of `rest` have passed."""
        self._dtx = dtx
        self._now = asyncio.get_running_loop().time
        self._due = 0.0
        self._pts = 0
        self._quiet = 0
        self._sent = 0
        self._pull: Pull = _silence
        self._asleep: Asleep = never
        self._samples = CLOCK // PACKETS_PER_SECOND
        self._encoder = Encoder(CLOCK)

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        """From now on send what `pull(rate // 50)` gives, which need not be asked while `asleep()`. Raises CallFailed when Opus has no such rate."""
        if rate not in OPUS_RATES:
            raise CallFailed(f"Opus cannot send {rate} Hz: put a resampler to one of {', '.join(map(str, OPUS_RATES))} Hz above the jitter_buffer.")
        self._encoder = Encoder(rate)
        self._samples = rate // PACKETS_PER_SECOND
        self._pull, self._asleep = pull, asleep
        self.on_wake()

    def payload(self, periods: int = 1) -> bytes | None:
        """The next 20 ms, encoded, `periods` of 20 ms after the last; None in lasting silence, when nothing is to be sent."""
        payload = self._encoder.encode(self._pull(self._samples))
        self._sent += periods
        self._quiet = self._quiet + periods if self._encoder.silent else 0
        if self._quiet > HANGOVER and self._dtx:
            if self._sent < DTX_INTERVAL:
                return None
            payload = payload[:1]  # the first byte alone (TOC) says: nothing was sent on purpose
        self._sent = 0
        return payload

    @property
    def rest(self) -> int:
        """How many periods may pass until `payload` is asked again, unless `on_wake` is called."""
        return DTX_INTERVAL - self._sent if self._dtx and self._quiet > HANGOVER and self._asleep() else 1

    async def recv(self) -> av.Packet:  # type: ignore[type-arg]  # generic in the stubs only
        """The next packet, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        while True:
            await self._wait()
            payload, pts = self.payload(), self._pts
            self._pts += PACKET
            self._due += SECONDS
            if payload is not None:
                return _packet(payload, pts)

    async def _wait(self) -> None:
        now = self._now()
        if self._due == 0.0:
            self._due = now
        if now < self._due:
            await asyncio.sleep(self._due - now)
        elif missed := int((now - self._due) / SECONDS):
            self._pts += missed * PACKET
            self._due += missed * SECONDS


def _packet(payload: bytes, pts: int) -> av.Packet:  # type: ignore[type-arg]  # generic in the stubs only
    packet = av.Packet(payload)
    packet.pts = pts
    packet.time_base = TIME_BASE
    return packet


def _silence(n: int) -> Pcm:
    return np.zeros(n, np.int16)


def _nothing() -> None:
    """Nobody waits for this track."""
