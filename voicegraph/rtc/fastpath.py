"""The caller's sound straight from the RTP packets, without aiortc's jitter buffer (80 ms) and its decoder thread.

This module alone reaches into aiortc's receiver: it takes the place of its packet handler. `inbound_for` looks whether this version of aiortc
has what that needs and falls back to the public API where it has not.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable

from aiortc import RTCRtpReceiver
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from voicegraph.core.arrival import Arrival, Packet, Step
from voicegraph.core.concealment import Concealer
from voicegraph.graph.line import Hear
from voicegraph.rtc.inbound import Inbound, TrackReader
from voicegraph.rtc.opus import CLOCK, Decoder

_HANDLER = "_handle_rtp_packet"
_STATISTICS = "_RTCRtpReceiver__remote_streams"

log = logging.getLogger(__name__)


def inbound_for(receiver: RTCRtpReceiver, seen: Callable[[], None]) -> Inbound:
    """The quickest way in that this aiortc allows. `seen` is called for each packet."""
    if fits(receiver):
        return PacketReader(receiver, seen)
    log.warning("this version of aiortc is not known: the caller's sound takes its jitter buffer, 80 ms longer")
    return TrackReader(receiver.track, seen)


def fits(receiver: RTCRtpReceiver) -> bool:
    """Whether the receiver has the handler that is replaced, in the form that is known, and the statistics that are kept up."""
    handler = getattr(type(receiver), _HANDLER, None)
    if not inspect.iscoroutinefunction(handler) or not isinstance(getattr(receiver, _STATISTICS, None), dict):
        return False
    return list(inspect.signature(handler).parameters) == ["self", "packet", "arrival_time_ms"]


def intercept(receiver: RTCRtpReceiver, take: Callable[[RtpPacket], None]) -> None:
    """From now on each RTP packet of this m-line, decrypted and parsed, goes to `take` and nowhere else. The receiver must fit."""
    streams: dict[int, StreamStatistics] = getattr(receiver, _STATISTICS)

    async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG001  # called by name
        if packet.ssrc not in streams:
            streams[packet.ssrc] = StreamStatistics(CLOCK)
        streams[packet.ssrc].add(packet)  # for the receiver reports, by which a browser judges its connection
        take(packet)

    setattr(receiver, _HANDLER, handle)


def release(receiver: RTCRtpReceiver) -> None:
    """Undo `intercept`, and with it the reference cycle that it made."""
    vars(receiver).pop(_HANDLER, None)


class PacketReader:
    """Decodes each packet as it is let through (core/arrival.py), and makes up what is lost (core/concealment.py)."""

    def __init__(self, receiver: RTCRtpReceiver, seen: Callable[[], None]) -> None:
        self._receiver = receiver
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._arrival = Arrival()
        self._source: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._hear: Hear | None = None
        self._rate = CLOCK
        self._decoder = Decoder(CLOCK)
        self._concealer = Concealer(CLOCK)
        intercept(receiver, self._take)

    def listen(self, rate: int, hear: Hear) -> None:
        self._rate = rate
        self._decoder = Decoder(rate)
        self._concealer = Concealer(rate)
        self._hear = hear

    async def close(self) -> None:
        self._hear = None
        self._stop_timer()
        release(self._receiver)

    def _take(self, packet: RtpPacket) -> None:
        self._seen()
        if packet.ssrc != self._source:
            self._source = packet.ssrc
            self._arrival = Arrival()
        if packet.payload:
            now = self._loop.time()
            self._do(self._arrival.add(Packet(packet.sequence_number, packet.timestamp, packet.payload), now), now)
        self._watch()

    def _do(self, steps: list[Step], now: float) -> None:
        if self._hear is None:
            return
        for step in steps:
            if step.payload is None:
                pcm = self._concealer.conceal(step.ticks * self._rate // CLOCK)
            else:
                pcm = self._decoder.decode(step.payload)
                self._concealer.keep(pcm)
            if pcm.size:
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
