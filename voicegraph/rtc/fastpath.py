"""Sound between the UDP socket and the graph without aiortc's queues, tasks, threads and buffers: a packet in is one call, so is a packet out.

This module alone leans on the internals of aiortc and aioice, which go on doing ICE, DTLS, RTCP and data channels. In, it takes RTP where ICE
hands over what is not STUN, before the DTLS task, the jitter buffer (80 ms, always) and the decoder's thread. Out, it takes the place of the
sender's loop. `fits` looks whether the installed versions have what that needs, in the form that is known; where not, the public API serves.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import pylibsrtp
from aioice.ice import Connection, StunProtocol
from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, is_rtcp

from voicegraph.rtc import rtp
from voicegraph.rtc.inbound import Inbound, TrackReader
from voicegraph.rtc.opus import CLOCK, PACKET
from voicegraph.rtc.pacer import Pacer
from voicegraph.rtc.reader import PacketReader
from voicegraph.rtc.rtp import RtpPacket
from voicegraph.rtc.track import OutgoingTrack

LONGEST = 1500
"""Bytes of a datagram that SRTP can be asked about; pylibsrtp raises for longer ones what would end aiortc's transport."""
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""

Take = Callable[[RtpPacket], None]

log = logging.getLogger(__name__)


def inbound_for(receiver: RTCRtpReceiver, seen: Callable[[], None]) -> Inbound:
    """The quickest way in that this aiortc allows. `seen` is called for each packet. For before the connection is there."""
    if fits():
        reader = PacketReader(seen, lambda: release(receiver))
        intercept(receiver, reader.take)
        return reader
    log.warning("this version of aiortc is not known: the caller's sound takes its jitter buffer, 80 ms longer, and costs more")
    return TrackReader(receiver.track, seen)


def fits() -> bool:
    """Whether aiortc and aioice have what is used here, in the form that is known."""
    return all(
        list(inspect.signature(function).parameters) == parameters and inspect.iscoroutinefunction(function) == waits and names <= _names(function)
        for function, parameters, waits, names in (
            (getattr(RTCRtpReceiver, "__init__", _absent), ["self", "kind", "transport"], False, {_STATISTICS}),
            (getattr(RTCRtpReceiver, "receive", _absent), ["self", "parameters"], True, {"_register_rtp_receiver"}),
            (getattr(RTCRtpReceiver, "_handle_disconnect", _absent), ["self"], False, {"_RTCRtpReceiver__stop_decoder"}),
            (getattr(RTCRtpSender, "_run_rtp", _absent), ["self", "codec"], True, {_STARTED, _EXITED, _EXTENSIONS, _MID, *_COUNTERS}),
            (getattr(RTCDtlsTransport, "_send_rtp", _absent), ["self", "data"], True, {"_tx_srtp"}),
            (getattr(RTCDtlsTransport, "_recv_next", _absent), ["self"], True, {"_rx_srtp"}),
            (getattr(Connection, "data_received", _absent), ["self", "data", "component"], False, {"_queue"}),
            (getattr(Connection, "sendto", _absent), ["self", "data", "component"], True, {"_nominated", "protocol", "remote_addr"}),
            (getattr(StunProtocol, "send_data", _absent), ["self", "data", "addr"], True, {"transport", "sendto"}),
        )
    )


_STATISTICS = "_RTCRtpReceiver__remote_streams"
_STARTED, _EXITED = "_RTCRtpSender__rtp_started", "_RTCRtpSender__rtp_exited"
_EXTENSIONS, _MID = "_RTCRtpSender__rtp_header_extensions_map", "_RTCRtpSender__mid"
_NTP, _TIMESTAMP, _OCTETS, _PACKETS = _COUNTERS = tuple(
    f"_RTCRtpSender__{name}" for name in ("ntp_timestamp", "rtp_timestamp", "octet_count", "packet_count")
)


def _absent() -> None:
    """For what this aiortc does not have: it fits nothing."""


def _names(function: Callable[..., Any]) -> frozenset[str]:
    """What the function's body mentions."""
    return frozenset(function.__code__.co_names)


# --- in ------------------------------------------------------------------------------------------------------------------------------


def intercept(receiver: RTCRtpReceiver, take: Take) -> None:
    """From the moment of its connection on, each RTP packet of this m-line goes to `take`, decrypted and parsed, and nowhere else."""
    receive = receiver.receive
    tapped = False

    async def receive_and_tap(parameters: RTCRtpReceiveParameters) -> None:
        nonlocal tapped
        await receive(parameters)  # RTCP is aiortc's
        if not tapped:
            tapped = True
            receiver._handle_disconnect()  # ends the decoder's thread, which has just begun
            _tap(receiver, frozenset(filter(None, (codec.payloadType for codec in parameters.codecs))), take)

    vars(receiver)["receive"] = receive_and_tap


def release(receiver: RTCRtpReceiver) -> None:
    """Undo `intercept`, and with it the reference cycles that it made."""
    vars(receiver).pop("receive", None)
    vars(receiver.transport.transport._connection).pop("data_received", None)


def _tap(receiver: RTCRtpReceiver, payload_types: frozenset[int], take: Take) -> None:
    """The connection's DTLS is done, and the keys are there."""
    connection: Connection = receiver.transport.transport._connection
    unprotect = receiver.transport._rx_srtp.unprotect
    streams: dict[int, StreamStatistics] = getattr(receiver, _STATISTICS)
    pass_on = connection.data_received

    def data_received(data: bytes, component: int) -> None:
        if len(data) > LONGEST:
            return
        if not 127 < data[0] < 192 or is_rtcp(data):  # RFC 7983: what else can come on this port
            pass_on(data, component)
            return
        try:
            packet = rtp.parse(unprotect(data))
        except pylibsrtp.Error:
            return  # forged, damaged, or a repetition
        if packet is not None and packet.payload_type in payload_types:
            if packet.ssrc not in streams:
                streams[packet.ssrc] = StreamStatistics(CLOCK)
            streams[packet.ssrc].add(packet)  # type: ignore[arg-type]  # for the receiver reports, by which a browser judges its connection
            take(packet)

    vars(connection)["data_received"] = data_received


# --- out -----------------------------------------------------------------------------------------------------------------------------


def drive(sender: RTCRtpSender, track: OutgoingTrack, pacer: Pacer) -> None:
    """Let `pacer` send what `track` gives, in place of the sender's own loop over `track.recv()`. For before the connection is there."""
    if not fits():
        log.warning("this version of aiortc is not known: the reply is sent by its public API and costs more")
        return

    async def run(codec: RTCRtpCodecParameters) -> None:
        assert codec.payloadType is not None, "a codec that was negotiated has a number"
        vars(sender)[_STARTED].set()
        tick = _Stream(sender, codec.payloadType, track).tick
        track.on_wake = lambda: pacer.wake(tick)
        pacer.add(tick)
        try:
            await asyncio.get_running_loop().create_future()  # until it is cancelled
        finally:
            pacer.remove(tick)
            track.stop()
            vars(sender).pop("_run_rtp", None)
            vars(sender)[_EXITED].set()

    vars(sender)["_run_rtp"] = run


class _Stream:
    """The RTP of one sender."""

    def __init__(self, sender: RTCRtpSender, payload_type: int, track: OutgoingTrack) -> None:
        self._state = vars(sender)
        self._track = track
        self._connection: Connection = sender.transport.transport._connection
        self._protect = sender.transport._tx_srtp.protect
        extensions: HeaderExtensionsMap = self._state[_EXTENSIONS]
        self._packets = rtp.Packetizer(
            payload_type,
            sender._ssrc,
            random.randrange(1 << 15),  # the lower half: SRTP loses its way when the first packets wrap around
            random.randrange(1 << 32),
            extensions.set(HeaderExtensions(mid=self._state[_MID])),
        )
        self._paused = True

    def tick(self, periods: int) -> int:
        """A packet is due, `periods` after the last: time that was rested or missed is jumped over. When the next one is due."""
        packets = self._packets
        packets.skip(periods * PACKET)
        payload = self._track.payload(periods)
        if payload is not None and (pair := self._connection._nominated.get(1)) is not None and self._track.readyState == "live":
            pair.protocol.transport.sendto(self._protect(packets.packet(payload, self._paused)), pair.remote_addr)
            self._count(len(payload), packets.timestamp)
        self._paused = payload is None
        return self._track.rest

    def _count(self, octets: int, timestamp: int) -> None:
        """For the sender reports."""
        state = self._state
        state[_NTP] = int((time.time() + NTP_EPOCH) * (1 << 32))
        state[_TIMESTAMP] = timestamp
        state[_OCTETS] += octets
        state[_PACKETS] += 1
