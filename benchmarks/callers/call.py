"""One lean call: set up by aiortc, as any call; then its sound bypasses aiortc.

Sent packets were encoded beforehand. Received ones are kept as they are, with the time at which the kernel took them (SO_TIMESTAMPNS), and are
decrypted and decoded after the measurement. So a caller costs some 0.5 % of a core, and how busy the callers are has no part in how late a packet is.
The data channel stays aiortc's: what the server says on it is part of the server's work.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket

from benchmarks.callers.lateness import BLOCK, Packet
from voicegraph.core import rtvi
from voicegraph.rtc.chat import LABEL
from voicegraph.rtc.opus import CLOCK, PACKET, SECONDS, Decoder
from voicegraph.testing.caller import Offer

SO_TIMESTAMPNS = 35
"""Linux, asm-generic/socket.h; Python's socket module does not name it."""
RECEIVE_BUFFER = 1 << 20
AUDIBLE = 300
"""A block whose loudest sample is below this is silent."""
PING = 1.0
CONNECT_LIMIT = 15.0


class _Mute(MediaStreamTrack):
    """Keeps aiortc's sender waiting: the packets are sent past it."""

    kind = "audio"

    async def recv(self) -> Any:
        return await asyncio.Event().wait()


class LeanCall:
    """`await connect(offer, microphone)`; then `forget`, wait, and `decoded(taken())` is what has come.

    The internals of aiortc that it needs are named in `_bypass`.
    """

    def __init__(self) -> None:
        self.connected = 0.0
        """Seconds from making the offer to the open data channel."""
        self.sent_late: list[float] = []
        """Seconds by which each packet of this call left late: how much the callers' own process lags."""
        self._loop = asyncio.get_running_loop()
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._received: list[tuple[int, bytes]] = []
        self._decoder = Decoder(CLOCK)
        self._script: Iterator[bytes] = iter(())
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbelow(1 << 31)
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sockets: list[socket.socket] = []
        self._highest = (0, 0)
        """The newest sequence number and timestamp, without their wraps."""

    async def connect(self, offer: Offer, microphone: Iterator[bytes]) -> None:
        """Call, and send one packet of `microphone` every 20 ms from then on."""
        begin = self._loop.time()
        self._audio = self._pc.addTransceiver(_Mute(), direction="sendrecv")
        self._chat = self._pc.createDataChannel(LABEL)
        opened = asyncio.Event()
        self._chat.on("open", opened.set)
        await self._pc.setLocalDescription()
        answer = await offer(self._pc.localDescription.sdp, False)
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(CONNECT_LIMIT):
            await opened.wait()
        self.connected = self._loop.time() - begin
        self._bypass()
        self._chat.send(json.dumps(rtvi.message("client-ready", {"version": rtvi.VERSION, "about": {"library": "benchmarks"}}, "1")))
        self._keep_alive()
        self.speak(microphone)
        self._due = self._loop.time()
        self._send()

    def speak(self, microphone: Iterator[bytes]) -> None:
        """Send these packets from now on."""
        self._script = microphone

    def forget(self) -> None:
        """What has come so far does not count."""
        self._received.clear()
        self._decoder = Decoder(CLOCK)  # the old one would go on with the sound that it heard last when the next packet is one of silence
        self.sent_late.clear()

    def taken(self) -> list[tuple[int, bytes]]:
        """What has come since `forget`, as it came: the kernel's time in nanoseconds, and the SRTP packet."""
        received, self._received = self._received, []
        return received

    def decoded(self, received: Sequence[tuple[int, bytes]]) -> list[Packet]:
        """The same, decrypted and decoded: some 60 µs a packet, to be spent when nothing is being measured."""
        found = []
        for stamp, data in received:
            packet = RtpPacket.parse(self._dtls._rx_srtp.unprotect(data))
            if packet.payload:
                self._unwrap(packet)
                found.append(Packet(stamp / 1e9, *self._highest, _blocks(self._decoder.decode(packet.payload))))
        return found

    async def hang_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._pc.close()
        for own in self._sockets:
            own.close()

    # --- inside ----------------------------------------------------------------------------------------------------------------

    def _bypass(self) -> None:
        """From now on the socket is read and written here; what is no RTP is handed on to aiortc."""
        self._dtls = self._audio.sender.transport
        connection = self._dtls.transport._connection
        pair = connection._nominated[1]
        self._transport, self._remote = pair.protocol.transport, pair.remote_addr
        self._ssrc, self._payload_type = self._audio.sender._ssrc, self._audio._codecs[0].payloadType
        for protocol in connection._protocols:  # the other side may have chosen another pair of addresses for what it sends
            self._listen(protocol)

    def _listen(self, protocol: Any) -> None:
        fd = protocol.transport.get_extra_info("socket").fileno()
        own = socket.socket(fileno=os.dup(fd))
        own.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sockets.append(own)
        self._loop._add_reader(fd, self._read, own, protocol)  # type: ignore[attr-defined]  # the public one refuses the socket of a transport

    def _read(self, own: socket.socket, protocol: Any) -> None:
        try:
            data, ancillary, _, address = own.recvmsg(2048, 64)
        except (BlockingIOError, ConnectionError):
            return
        if 127 < data[0] < 192 and not 192 <= data[1] < 224:  # RTP, and not RTCP (RFC 5761)
            self._received.append((_stamp(ancillary), data))
        else:
            protocol.datagram_received(data, address)

    def _send(self) -> None:
        now = self._loop.time()
        self.sent_late.append(now - self._due)
        payload = next(self._script, None)
        if payload is not None and not self._transport.is_closing():
            header = struct.pack("!BBHII", 0x80, self._payload_type, self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF, self._ssrc)
            self._transport.sendto(self._dtls._tx_srtp.protect(header + payload), self._remote)
        self._sequence += 1
        self._timestamp += PACKET
        self._due += SECONDS
        self._timer = self._loop.call_at(self._due, self._send)

    def _keep_alive(self) -> None:
        if self._chat.readyState == "open":
            self._chat.send(f"{rtvi.PING}: {time.monotonic() * 1000:.0f}")
            self._loop.call_later(PING, self._keep_alive)

    def _unwrap(self, packet: RtpPacket) -> None:
        """Follow sequence numbers of 16 bits and timestamps of 32 over their wraps."""
        sequence, timestamp = self._highest
        step = (packet.sequence_number - sequence + (1 << 15)) % (1 << 16) - (1 << 15)
        ticks = (packet.timestamp - timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        self._highest = (sequence + step, timestamp + ticks)


def _stamp(ancillary: Sequence[tuple[int, int, bytes]]) -> int:
    """Nanoseconds of the system's clock."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", value)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return time.time_ns()


def _blocks(pcm: np.ndarray[Any, np.dtype[np.int16]]) -> tuple[bool, ...]:
    size = round(BLOCK * CLOCK)
    whole = pcm[: pcm.size // size * size].astype(np.int32).reshape(-1, size)
    return tuple((np.abs(whole).max(axis=1) > AUDIBLE).tolist())
