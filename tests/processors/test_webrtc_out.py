from __future__ import annotations

import asyncio

import numpy as np

from voicegraph.core.playout import PlayoutBuffer
from voicegraph.frames import Heard, Playback, Playing, Progress, Span, Starved
from voicegraph.processors.webrtc_out import WebrtcOut
from voicegraph.testing.runner import OneNode

RATE = 8000
PACKET = 160


def playing(one: OneNode, n: int = 800, *, confirmed: bool = True, last: bool = True) -> tuple[int, PlayoutBuffer]:
    """A reply whose sound is in the buffer; its number."""
    buffer = PlayoutBuffer(RATE, patience=0.1)
    one.give("playback", Playback(source=buffer))
    epoch = one.begin()
    if confirmed:
        one.confirm()
        buffer.push(epoch, np.full(n, 1000, np.int16), Span("one two", 0), ends=last, last=last)
    return epoch, buffer


async def test_the_line_pulls_from_the_buffer_at_its_rate() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one)
        assert one.line.rate == RATE
        assert (one.line.pull(PACKET) == 1000).all()


async def test_facts_are_told_as_they_become_true() -> None:
    async with OneNode(WebrtcOut) as one:
        epoch, _ = playing(one)
        one.line.pull(PACKET)
        assert one.sent("playout") == [Playing(reply=epoch, on=True)]
        one.line.pull(800)
        assert one.sent("playout")[1:] == [Progress(reply=epoch, text="one two"), Playing(reply=epoch, on=False)]


async def test_a_reply_that_runs_dry_is_starved() -> None:
    async with OneNode(WebrtcOut) as one:
        epoch, _ = playing(one, last=False)
        for _ in range(20):
            one.line.pull(PACKET)
        assert one.sent("playout")[-1] == Starved(reply=epoch)


async def test_the_end_of_a_confirmed_reply_is_told_with_what_was_heard() -> None:
    async with OneNode(WebrtcOut) as one:
        epoch, _ = playing(one)
        one.line.pull(400)
        one.drop("interrupted")
        assert one.sent("playout")[-1] == Heard(reply=epoch, text="one", samples=400, rate=RATE, finished=False, why="interrupted")


async def test_a_reply_that_was_played_to_its_end_is_finished() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one)
        one.line.pull(900)
        one.drop("finished")
        fact = one.sent("playout")[-1]
        assert isinstance(fact, Heard)
        assert (fact.text, fact.samples, fact.finished) == ("one two", 800, True)


async def test_a_confirmed_reply_that_never_sounded_is_heard_as_nothing() -> None:
    async with OneNode(WebrtcOut) as one:
        epoch = one.begin()
        one.confirm()
        one.drop("failed")
        assert one.sent("playout") == [Heard(reply=epoch, text="", samples=0, rate=0, finished=False, why="failed")]


async def test_of_a_reply_that_was_never_confirmed_nothing_is_told() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one, confirmed=False)
        one.drop("resumed")
        assert one.sent("playout") == []


async def test_after_the_end_only_a_fade_leaves() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one)
        one.line.pull(PACKET)
        one.drop()
        assert not one.line.pull(PACKET)[80:].any()
        assert not one.line.pull(PACKET).any()


async def test_what_left_is_heard_silence_included() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one, n=480)
        for _ in range(4):
            one.line.pull(PACKET)
        frames = one.sent("heard")
        assert [len(frame.pcm) for frame in frames] == [PACKET] * 4
        assert frames[0].pcm.all()
        assert not frames[3].pcm.any()


async def test_a_pull_lets_senders_go_on_that_waited_for_room() -> None:
    async with OneNode(WebrtcOut) as one:
        playing(one)
        woken = one.session._room()
        one.line.pull(PACKET)
        await asyncio.wait_for(woken, 5)


async def test_the_line_may_sleep_when_there_is_nothing_to_play_and_is_woken_by_sound() -> None:
    async with OneNode(WebrtcOut) as one:
        buffer = PlayoutBuffer(RATE)
        one.give("playback", Playback(source=buffer))
        one.begin()
        assert one.line.woken == 0
        buffer.push(1, np.full(800, 1000, np.int16))
        assert one.line.woken == 1
