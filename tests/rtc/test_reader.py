import asyncio

import numpy as np

from voicegraph.core.sound import Pcm
from voicegraph.rtc.opus import Encoder
from voicegraph.rtc.reader import PacketReader
from voicegraph.rtc.rtp import RtpPacket
from voicegraph.testing.clock import run_virtual


class Sender:
    """Sends a tone to a reader."""

    def __init__(self, reader: PacketReader, ssrc: int = 1) -> None:
        self._reader = reader
        self._encoder = Encoder(48_000)
        self._ssrc = ssrc
        self._at = 65_530

    async def send(self, lost: bool = False) -> None:
        at = np.arange(self._at * 960, (self._at + 1) * 960)
        payload = self._encoder.encode((8000 * np.sin(at * 0.1)).astype(np.int16))
        packet = RtpPacket(111, self._at % 65_536, (self._at * 960) % (1 << 32), self._ssrc, payload)
        self._at += 1
        if not lost:
            self._reader.take(packet)
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
        ear = Ear()
        reader = PacketReader(ear.see)
        reader.listen(16_000, ear.hear)
        sender = Sender(reader)
        for _ in range(10):
            await sender.send()
        await reader.close()
        assert [round(t, 3) for _, t in ear.pieces] == [round(0.02 * n, 3) for n in range(10)]
        assert ear.seen == 10
        assert ear.samples == 3200

    run_virtual(scene())


def test_a_lost_packet_is_made_up_and_delays_nothing_later() -> None:
    async def scene() -> None:
        ear = Ear()
        reader = PacketReader(ear.see)
        reader.listen(48_000, ear.hear)
        sender = Sender(reader)
        for n in range(20):
            await sender.send(lost=n == 5)
        await reader.close()
        assert ear.samples == 20 * 960
        assert round(ear.pieces[-1][1], 3) == 0.38
        made_up = ear.pieces[5][0]
        assert np.abs(made_up.astype(int)).max() > 1000

    run_virtual(scene())


def test_time_goes_on_when_the_sender_falls_silent() -> None:
    async def scene() -> None:
        ear = Ear()
        reader = PacketReader(ear.see)
        reader.listen(48_000, ear.hear)
        sender = Sender(reader)
        await sender.send()
        await asyncio.sleep(1.0)
        await reader.close()
        assert 0.9 < ear.samples / 48_000 < 1.1
        await asyncio.sleep(1.0)
        assert ear.samples / 48_000 < 1.1

    run_virtual(scene())


def test_a_new_source_begins_anew() -> None:
    async def scene() -> None:
        ear = Ear()
        reader = PacketReader(ear.see)
        reader.listen(48_000, ear.hear)
        first, second = Sender(reader, ssrc=1), Sender(reader, ssrc=2)
        await first.send()
        await second.send()
        assert ear.samples == 2 * 960
        await reader.close()

    run_virtual(scene())


def test_padding_keeps_the_line_alive_and_is_not_heard() -> None:
    async def scene() -> None:
        ear = Ear()
        reader = PacketReader(ear.see)
        reader.listen(16_000, ear.hear)
        reader.take(RtpPacket(111, 1, 0, 1, b""))
        assert (ear.seen, ear.samples) == (1, 0)
        await reader.close()

    run_virtual(scene())
