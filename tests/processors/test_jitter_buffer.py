from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicegraph.frames import Playback, ReplyAudio, Span
from voicegraph.processors.jitter_buffer import JitterBuffer
from voicegraph.testing.runner import OneNode

RATE = 24000
PACKET = 480


def sound(epoch: int | None, n: int = 2400, *, last: bool = False) -> ReplyAudio:
    return ReplyAudio(epoch=epoch, pcm=np.full(n, 8000, np.int16), rate=RATE, span=Span("Hello there.", 0), ends=last, last=last)


def node(**options: str) -> OneNode:
    return OneNode(JitterBuffer, options, rates={"audio": RATE})


async def playback(node: OneNode) -> Playback:
    await asyncio.sleep(0)
    (frame,) = node.sent("playback")
    assert isinstance(frame, Playback)
    return frame


async def test_it_hands_out_its_buffer_once() -> None:
    async with node() as one:
        assert (await playback(one)).source.rate == RATE


async def test_the_sound_of_a_confirmed_reply_is_played() -> None:
    async with node() as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.confirm()
        one.give("audio", sound(epoch, last=True))
        assert (buffer.pull(PACKET)[0] == 8000).all()


async def test_the_sound_of_a_speculative_reply_waits_for_the_confirmation() -> None:
    async with node() as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.give("audio", sound(epoch), sound(epoch, last=True))
        assert not buffer.pull(PACKET)[0].any()
        one.confirm()
        assert buffer.pull(PACKET)[0].all()


async def test_a_drop_cuts_it() -> None:
    async with node() as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.confirm()
        one.give("audio", sound(epoch, 24000))
        buffer.pull(PACKET)
        one.drop()
        assert not buffer.pull(PACKET)[0][240:].any()
        assert buffer.reply is None


async def test_a_gate_ducks_and_pauses() -> None:
    async with node(duck="-6dB") as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.confirm()
        one.give("audio", sound(epoch, 24000))
        buffer.pull(PACKET)
        one.session.replies.gate("ducked")
        buffer.pull(PACKET)
        assert buffer.pull(PACKET)[0].max() == int(8000 * 10 ** (-6 / 20))
        one.session.replies.gate("paused")
        buffer.pull(PACKET)
        assert not buffer.pull(PACKET)[0].any()


async def test_senders_wait_while_it_holds_enough() -> None:
    async with node(ahead="200ms") as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.confirm()
        assert not one.processor.full()
        one.give("audio", sound(epoch, 4800))
        assert one.processor.full()
        buffer.pull(PACKET)
        assert not one.processor.full()


async def test_its_options_are_those_of_the_buffer() -> None:
    async with node(cushion="200ms", patience="100ms") as one:
        buffer = (await playback(one)).source
        epoch = one.begin()
        one.confirm()
        one.give("audio", sound(epoch, 4799))
        assert not buffer.pull(PACKET)[0].any()
        one.give("audio", sound(epoch, 1))
        facts = [fact.kind for _ in range(20) for fact in buffer.pull(PACKET)[1]]
        assert facts[0] == "started"
        assert facts[-1] == "starved"


async def test_without_a_floor_a_stream_of_no_reply_is_played() -> None:
    async with node() as one:
        buffer = (await playback(one)).source
        one.give("audio", sound(None))
        assert buffer.pull(PACKET)[0].all()


async def test_where_somebody_has_the_floor_sound_of_no_reply_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    async with node() as one:
        monkeypatch.setattr(type(one.session), "has_floor", True)
        one.give("audio", sound(None))
        assert "belongs to no reply" in await one.session.wait()
