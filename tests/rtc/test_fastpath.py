import asyncio
from typing import Any

import numpy as np
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import RtpPacket

from voicegraph.core.sound import Pcm
from voicegraph.rtc.fastpath import PacketReader, fits, inbound_for
from voicegraph.rtc.inbound import TrackReader
from voicegraph.rtc.opus import Encoder
from voicegraph.testing.clock import run_virtual


class Stranger(RTCRtpReceiver):
    """A receiver of some other version of aiortc."""

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int, path: int = 0) -> None: ...


def receiver_of(connection: RTCPeerConnection) -> RTCRtpReceiver:
    receiver = connection.addTransceiver("audio").receiver
    receiver._track = RemoteStreamTrack("audio")
    return receiver


class Sender:
    """Sends a tone to a receiver's packet handler."""

    def __init__(self, receiver: RTCRtpReceiver, ssrc: int = 1) -> None:
        self._receiver = receiver
        self._encoder = Encoder(48_000)
        self._ssrc = ssrc
        self._at = 65_530

    async def send(self, lost: bool = False) -> None:
        at = np.arange(self._at * 960, (self._at + 1) * 960)
        packet = RtpPacket(payload_type=111, sequence_number=self._at % 65_536, timestamp=(self._at * 960) % (1 << 32))
        packet.ssrc = self._ssrc
        packet.payload = self._encoder.encode((8000 * np.sin(at * 0.1)).astype(np.int16))
        self._at += 1
        if not lost:
            handler: Any = self._receiver._handle_rtp_packet
            await handler(packet, arrival_time_ms=0)
        await asyncio.sleep(0.02)


class Ear:
    def __init__(self) -> None:
        self.pieces: list[tuple[Pcm, float]] = []
        self.seen = 0

    def hear(self, pcm: Pcm, t: float) -> None:
        self.pieces.append((pcm, t))

    def see(self) -> None:
        self.seen += 1

    @property
    def samples(self) -> int:
        return sum(pcm.size for pcm, _ in self.pieces)


def test_packets_are_heard_the_moment_they_arrive() -> None:
    async def scene() -> None:
        connection, ear = RTCPeerConnection(), Ear()
        receiver = receiver_of(connection)
        reader = inbound_for(receiver, ear.see)
        reader.listen(16_000, ear.hear)
        sender = Sender(receiver)
        for _ in range(10):
            await sender.send()
        await reader.close()
        assert [round(t, 3) for _, t in ear.pieces] == [round(0.02 * n, 3) for n in range(10)]
        assert ear.seen == 10
        assert abs(ear.samples - 3200) < 40
        await connection.close()

    run_virtual(scene())


def test_a_lost_packet_is_made_up_and_delays_nothing_later() -> None:
    async def scene() -> None:
        connection, ear = RTCPeerConnection(), Ear()
        receiver = receiver_of(connection)
        reader = inbound_for(receiver, ear.see)
        reader.listen(48_000, ear.hear)
        sender = Sender(receiver)
        for n in range(20):
            await sender.send(lost=n == 5)
        await reader.close()
        assert ear.samples == 20 * 960
        assert round(ear.pieces[-1][1], 3) == 0.38
        made_up = ear.pieces[5][0]
        assert np.abs(made_up.astype(int)).max() > 1000
        await connection.close()

    run_virtual(scene())


def test_time_goes_on_when_the_sender_falls_silent() -> None:
    async def scene() -> None:
        connection, ear = RTCPeerConnection(), Ear()
        receiver = receiver_of(connection)
        reader = inbound_for(receiver, ear.see)
        reader.listen(48_000, ear.hear)
        sender = Sender(receiver)
        await sender.send()
        await asyncio.sleep(1.0)
        await reader.close()
        assert 0.9 < ear.samples / 48_000 < 1.1
        await asyncio.sleep(1.0)
        assert ear.samples / 48_000 < 1.1
        await connection.close()

    run_virtual(scene())


def test_a_new_source_begins_anew() -> None:
    async def scene() -> None:
        connection, ear = RTCPeerConnection(), Ear()
        receiver = receiver_of(connection)
        reader = inbound_for(receiver, ear.see)
        reader.listen(48_000, ear.hear)
        first, second = Sender(receiver, ssrc=1), Sender(receiver, ssrc=2)
        await first.send()
        await second.send()
        assert ear.samples == 2 * 960
        await reader.close()
        await connection.close()

    run_virtual(scene())


def test_the_receivers_own_statistics_are_kept_up() -> None:
    async def scene() -> None:
        connection, ear = RTCPeerConnection(), Ear()
        receiver = receiver_of(connection)
        reader = inbound_for(receiver, ear.see)
        sender = Sender(receiver, ssrc=7)
        for n in range(5):
            await sender.send(lost=n == 2)
        streams: Any = vars(receiver)["_RTCRtpReceiver__remote_streams"]
        assert (streams[7].packets_received, streams[7].packets_lost) == (4, 1)
        await reader.close()
        await connection.close()

    run_virtual(scene())


async def test_an_unknown_aiortc_is_read_by_its_public_api() -> None:
    connection, ear = RTCPeerConnection(), Ear()
    receiver = receiver_of(connection)
    assert fits(receiver)
    known = inbound_for(receiver, ear.see)
    assert isinstance(known, PacketReader)
    await known.close()
    receiver.__class__ = Stranger
    assert not fits(receiver)
    unknown = inbound_for(receiver, ear.see)
    assert isinstance(unknown, TrackReader)
    await unknown.close()
    await connection.close()
