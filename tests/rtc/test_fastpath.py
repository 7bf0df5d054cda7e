import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from aiortc import RTCRtpSender
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from voicegraph.core.sound import Pcm
from voicegraph.rtc.fastpath import fits
from voicegraph.rtc.peer import Peer
from voicegraph.testing.caller import Caller


def tone(rate: int, seconds: float, hz: float = 440.0) -> Pcm:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    yield peer
    await peer.close("")


@pytest.fixture
async def caller(peer: Peer) -> AsyncIterator[Caller]:
    async with Caller(lambda offer, restart: peer.answer(offer)) as caller:
        yield caller


def socket_of(peer: Peer) -> Callable[[bytes, int], None]:
    """Where datagrams that are not STUN come in at this peer."""
    take: Callable[[bytes, int], None] = peer._audio.receiver.transport.transport._connection.data_received
    return take


async def statistics(end: Any, kind: str) -> Any:
    return next(each for each in (await end.getStats()).values() if each.type == kind)


def test_the_installed_aiortc_is_the_one_that_is_known() -> None:
    assert fits(), "aiortc or aioice has changed what rtc/fastpath.py leans on: adapt it, or every call costs several times as much"


async def test_a_call_has_no_thread_of_its_own(caller: Caller) -> None:
    said = await caller.say(tone(16_000, 0.1))
    assert said.end > said.begin
    assert not [thread.name for thread in threading.enumerate() if "decoder" in thread.name]


async def test_a_packet_that_is_repeated_or_forged_is_not_heard(peer: Peer, caller: Caller) -> None:
    connection, sizes, datagrams = peer._audio.receiver.transport.transport._connection, list[int](), list[bytes]()
    take = socket_of(peer)

    def note(data: bytes, component: int) -> None:
        datagrams.append(data)
        take(data, component)

    vars(connection)["data_received"] = note
    peer.listen(16_000, lambda pcm, t: sizes.append(pcm.size))
    await caller.until(lambda: len(sizes) > 3 or None)
    packet = next(data for data in reversed(datagrams) if data[1] & 0x7F == 96)
    heard = len(sizes)
    take(packet, 1)
    take(packet[:-1] + bytes([packet[-1] ^ 1]), 1)
    take(b"\x80\x60" + bytes(40), 1)
    assert len(sizes) == heard
    await caller.until(lambda: len(sizes) > heard or None)


async def test_nothing_that_comes_in_can_end_the_call(peer: Peer, caller: Caller) -> None:
    heard: list[int] = []
    peer.listen(16_000, lambda pcm, t: heard.append(pcm.size))
    dice = np.random.default_rng(1)
    for first in range(256):
        for size in (1, 2, 11, 60, 1499, 1501, 9000):
            socket_of(peer)(bytes([first]) + dice.bytes(size - 1), 1)
    before = len(heard)
    await caller.until(lambda: len(heard) > before + 5 or None)
    assert caller.ended is None


async def test_reports_tell_what_has_come_and_what_was_sent(peer: Peer, caller: Caller) -> None:
    await caller.until(lambda: len(caller.recording.packets) > 10 or None)
    sent, came = await statistics(peer._audio.sender, "outbound-rtp"), await statistics(peer._audio.receiver, "inbound-rtp")
    assert sent.packetsSent >= len(caller.recording.packets)
    assert sent.bytesSent >= 2 * sent.packetsSent
    assert came.packetsReceived > 5
    assert came.packetsLost == 0


async def test_another_aiortc_is_used_by_its_public_api(monkeypatch: pytest.MonkeyPatch) -> None:
    known = RTCRtpSender._run_rtp

    async def _run_rtp(self: RTCRtpSender, codec: RTCRtpCodecParameters, path: int = 0) -> None:
        await known(self, codec)

    monkeypatch.setattr(RTCRtpSender, "_run_rtp", _run_rtp)
    assert not fits()
    peer, heard = Peer(), list[Pcm]()
    peer.listen(16_000, lambda pcm, t: heard.append(pcm))
    peer.play(48_000, lambda n: tone(48_000, 0.02, 500)[:n])
    monkeypatch.undo()  # the caller's own end is quick
    async with Caller(lambda offer, restart: peer.answer(offer)) as caller:
        await caller.say(tone(16_000, 0.3))
        await caller.until(lambda: any(np.abs(pcm.astype(int)).max(initial=0) > 1000 for pcm in heard) or None)
        await caller.sound(after=0.0)
    await peer.close("")
    await asyncio.sleep(0)
