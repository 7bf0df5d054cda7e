"""From RTP packets to sound: each is decoded as it is let through (core/arrival.py), and what is lost is recovered or made up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicegraph.core.arrival import Arrival, Packet, Step
from voicegraph.core.sound import Pcm
from voicegraph.graph.line import Hear
from voicegraph.rtc.opus import CLOCK, Decoder
from voicegraph.rtc.rtp import RtpPacket


class PacketReader:
    """`take` each packet of one m-line as it comes. seen: called for each; released: called when the reader is closed."""

    def __init__(self, seen: Callable[[], None], released: Callable[[], None] = lambda: None) -> None:
        self._seen = seen
        self._released = released
        self._loop = asyncio.get_running_loop()
        self._arrival = Arrival()
        self._source: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._hear: Hear | None = None
        self._rate = CLOCK
        self._decoder: Decoder | None = None

    def listen(self, rate: int, hear: Hear) -> None:
        self._rate = rate
        self._decoder = Decoder(rate)
        self._hear = hear

    async def close(self) -> None:
        self._hear = None
        self._stop_timer()
        self._released()

    def take(self, packet: RtpPacket) -> None:
        self._seen()
        if packet.ssrc != self._source:
            self._source = packet.ssrc
            self._arrival = Arrival()
        if packet.payload:
            now = self._loop.time()
            self._do(self._arrival.add(Packet(packet.sequence_number, packet.timestamp, packet.payload), now), now)
        self._watch()

    def _do(self, steps: list[Step], now: float) -> None:
        if (decoder := self._decoder) is None:
            return  # nobody listens yet
        lost = 0
        for step in steps:
            if step.payload is None:
                lost += step.ticks * self._rate // CLOCK
                continue
            if lost:
                self._tell(decoder.recover(step.payload, lost), now)
                lost = 0
            self._tell(decoder.decode(step.payload), now)
        if lost:
            self._tell(decoder.conceal(lost), now)

    def _tell(self, pcm: Pcm, now: float) -> None:
        if self._hear is not None and pcm.size:
            self._hear(pcm, now)

    def _watch(self) -> None:
        """Be called at the deadline. It moves with every packet, so the timer is only moved when it would be late."""
        deadline = self._arrival.deadline
        if self._hear is None or deadline is None or (self._timer is not None and self._timer.when() <= deadline):
            return
        self._stop_timer()
        self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._do(self._arrival.expire(now), now)
        self._watch()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
