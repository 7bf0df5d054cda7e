"""A lean call against a real peer of the server's side, and its share of an answer."""

from __future__ import annotations

import asyncio
from itertools import cycle

import numpy as np
import pytest

from benchmarks.callers.call import LeanCall
from benchmarks.callers.lateness import replies
from benchmarks.callers.microphone import CYCLE, quiet
from benchmarks.callers.microphone import cycle as cycle_of
from benchmarks.processes import DELAYS
from benchmarks.share import given
from voicegraph.core.sound import Pcm
from voicegraph.rtc.opus import CLOCK, PACKET, SECONDS
from voicegraph.rtc.peer import Peer


def tone(n: int) -> Pcm:
    return np.asarray(np.rint(8000 * np.sin(2 * np.pi * 500 * np.arange(n) / CLOCK)), np.int16)


async def test_a_lean_call_sends_its_packets_and_hears_the_reply_without_a_gap() -> None:
    peer, call = Peer(), LeanCall()
    heard: list[Pcm] = []
    enough = asyncio.Event()

    def hear(pcm: Pcm, _: float) -> None:
        heard.append(pcm)
        if len(heard) == 25:
            enough.set()

    peer.listen(CLOCK, hear)
    peer.play(CLOCK, tone)

    async def offer(sdp: str, _: bool) -> str:
        return await peer.answer(sdp)

    try:
        await call.connect(offer, cycle(quiet()))
        call.forget()
        async with asyncio.timeout(10):
            await enough.wait()
        (reply,) = replies(call.decoded(call.taken()))
    finally:
        await call.hang_up()
        await peer.close("")
    assert np.concatenate(heard).any()  # the noise of the room
    assert reply.missing == 0
    assert reply.seconds > 0.3
    assert call.connected > 0


def test_a_cycle_of_the_microphone_has_its_length_and_the_question_at_its_start() -> None:
    packets = cycle_of(tone(CLOCK), CLOCK)
    assert len(packets) == round(CYCLE / SECONDS)
    sizes = [len(packet) for packet in packets]
    assert np.mean(sizes[10:40]) > np.mean(sizes[100:])


def test_a_room_is_never_quite_silent() -> None:
    assert all(len(packet) > 3 for packet in quiet())
    assert len(quiet()) == CLOCK // PACKET


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ("voxtral", 0.5),  # the model's own silence; the reply is ready before, at 200 + 150 + 100 ms
        ("voxtral2", 0.55),  # the detector's silence, then the final words, the first token, the first sound: 200 + 100 + 150 + 100 ms
    ],
)
def test_what_is_not_the_frameworks_is_the_longer_of_two_ways(graph: str, expected: float) -> None:
    assert given(graph, DELAYS) == pytest.approx(expected)
