import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.rtc.opus import Decoder
from voicegraph.rtc.track import HANGOVER, OutgoingTrack
from voicegraph.testing.clock import run_virtual


class Source:
    """Remembers when it was asked, and for how much."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int]] = []

    def pull(self, n: int) -> Pcm:
        self.asked.append((asyncio.get_running_loop().time(), n))
        return np.zeros(n, np.int16)


async def take(track: OutgoingTrack, count: int) -> tuple[list[float], list[int]]:
    """When the next packets were given, and their timestamps."""
    times, stamps = [], []
    for _ in range(count):
        packet = await track.recv()
        times.append(round(asyncio.get_running_loop().time(), 6))
        stamps.append(int(packet.pts or 0))
    return times, stamps


def grid(start: float, count: int) -> list[float]:
    return [round(start + 0.02 * n, 6) for n in range(count)]


def test_a_packet_leaves_every_20_ms_from_the_first_moment() -> None:
    async def scene() -> None:
        times, stamps = await take(OutgoingTrack(), 5)
        assert times == grid(0, 5)
        assert stamps == [0, 960, 1920, 2880, 3840]

    run_virtual(scene())


def test_sound_is_pulled_when_it_is_due_and_not_before() -> None:
    async def scene() -> None:
        track, source = OutgoingTrack(), Source()
        track.play(24_000, source.pull)
        times, _ = await take(track, 5)
        assert [round(t, 6) for t, _ in source.asked] == times
        assert {n for _, n in source.asked} == {480}

    run_virtual(scene())


def test_small_delays_do_not_add_up() -> None:
    async def scene() -> None:
        track = OutgoingTrack()
        times = []
        for _ in range(10):
            await track.recv()
            times.append(round(asyncio.get_running_loop().time(), 6))
            await asyncio.sleep(0.013)
        assert times == grid(0, 10)

    run_virtual(scene())


def test_after_a_stall_there_is_no_burst_and_no_sound_is_lost() -> None:
    async def scene() -> None:
        track, source = OutgoingTrack(), Source()
        track.play(48_000, source.pull)
        await take(track, 3)
        await asyncio.sleep(0.130)  # due at 0.06, asked at 0.17: five packets' time has passed
        times, stamps = await take(track, 4)
        assert times == pytest.approx([0.17, 0.18, 0.20, 0.22])
        assert stamps == [960 * n for n in (8, 9, 10, 11)]
        assert len(source.asked) == 7

    run_virtual(scene())


def test_what_is_pulled_is_what_is_sent() -> None:
    async def scene() -> None:
        track = OutgoingTrack()
        loud = (8000 * np.sin(np.arange(320) * 0.2)).astype(np.int16)
        track.play(16_000, lambda n: loud[:n])
        decoder = Decoder(16_000)
        heard = [decoder.decode(bytes(await track.recv())) for _ in range(5)]
        assert np.abs(heard[-1].astype(int)).max() > 4000

    run_virtual(scene())


def test_a_rate_that_opus_does_not_have_is_refused_with_the_way_out() -> None:
    async def scene() -> None:
        with pytest.raises(CallFailed, match="22050 Hz: put a resampler"):
            OutgoingTrack().play(22_050, lambda n: np.zeros(n, np.int16))

    run_virtual(scene())


def test_a_stopped_track_gives_nothing() -> None:
    async def scene() -> None:
        track = OutgoingTrack()
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()

    run_virtual(scene())


def test_lasting_silence_is_sent_seldom_and_sound_at_once() -> None:
    async def scene() -> None:
        track, source = OutgoingTrack(), Source()
        track.play(24_000, source.pull)
        times, stamps = await take(track, HANGOVER + 30)
        gaps = np.diff(times)
        assert np.all(gaps[:HANGOVER] < 0.021)
        assert gaps[-1] == pytest.approx(0.4)
        assert np.diff(stamps)[-1] == 0.4 * 48_000, "the timestamps keep the time that nothing was sent"
        loud = (8000 * np.sin(np.arange(480) * 0.2)).astype(np.int16)
        track.play(24_000, lambda n: loud[:n])
        [spoken], _ = await take(track, 1)
        assert spoken == pytest.approx(times[-1] + 0.02)

    run_virtual(scene())


def test_a_source_that_sleeps_is_asked_only_for_what_must_be_sent() -> None:
    async def scene() -> None:
        track, source, woken = OutgoingTrack(), Source(), list[bool]()
        asleep = True
        track.on_wake = lambda: woken.append(True)
        track.play(24_000, source.pull, lambda: asleep)
        assert woken == [True]
        for _ in range(HANGOVER):
            assert track.rest == 1
            assert track.payload() is not None
        while track.rest == 1:
            track.payload()
        asked = len(source.asked)
        refresh = track.payload(track.rest)
        assert len(source.asked) == asked + 1
        assert refresh is not None
        assert len(refresh) == 1
        assert track.rest == 20
        asleep = False
        assert track.rest == 1, "it is asked every 20 ms again"
        assert OutgoingTrack(dtx=False).rest == 1

    run_virtual(scene())
