"""What runs in a graph can be watched: the time of each node, what went through it, and nothing is left behind when nobody looks any more."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicegraph.frames import CallerAudio, Frame, ReplyText, Words
from voicegraph.graph.activity import Activity
from voicegraph.graph.glimpse import LONGEST, glimpse
from voicegraph.graph.meter import Meter
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.session import Session
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor, running


class Clock:
    """Stands still unless a handler lets it go on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Source(Processor):
    words = Out(Words)


class Relay(Processor):
    """2 s of work before it hands on, 3 s after."""

    words = In(Words)
    out = Out(Words, name="relayed")

    def on_words(self, frame: Words) -> None:
        CLOCK.now += 2
        self.out.send(frame)
        CLOCK.now += 3


class Slow(Processor):
    """Takes 10 s of waiting, and fails at the word "bad"."""

    relayed = In(Words)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.go = asyncio.Event()

    async def on_relayed(self, frame: Words) -> None:
        await self.go.wait()
        CLOCK.now += 10


class Sink(Processor):
    relayed = In(Words)

    def on_relayed(self, frame: Words) -> None:
        CLOCK.now += 7
        if frame.text == "bad":
            raise RuntimeError("no")


SPEC = graph(Part("source", Source), Part("relay", Relay, "source.words"), Part("slow", Slow, "relay.relayed"), Part("sink", Sink, "relay.relayed"))


def words(text: str = "hello") -> Words:
    return Words(segment=1, text=text, final=False)


def meter_of(session: Session, keep: int = 0) -> Meter:
    CLOCK.now = 0.0
    return session.watch(keep, CLOCK)


async def send(session: Session, text: str = "hello") -> None:
    processor(session, Source).words.send(words(text))


def test_inline_work_counts_for_the_node_that_did_it() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session)
            await send(session)
            assert dict(meter.seconds) == {"relay": 5, "sink": 7}
            assert dict(meter.handled) == {"relay": 1, "sink": 1}

    run_virtual(scene())


def test_a_handler_that_waits_is_under_way_until_it_ends() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session)
            await send(session)
            await asyncio.sleep(1)
            assert meter.working["slow"] == 1
            processor(session, Slow).go.set()
            await asyncio.sleep(1)
            assert meter.working["slow"] == 0
            assert meter.seconds["slow"] == 10

    run_virtual(scene())


def test_a_handler_that_raises_is_timed_all_the_same_and_fails_as_ever() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session)
            await send(session, "bad")
            assert meter.seconds["sink"] == 7
            assert "'sink'" in await session.wait()

    run_virtual(scene())


def test_handlers_are_their_own_again_when_nobody_looks() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session, keep=3)
            meter.close()
            await send(session)
            processor(session, Slow).go.set()
            await asyncio.sleep(1)
            assert not meter.handled
            assert meter.recent("relay") == []

    run_virtual(scene())


def test_the_last_frames_of_each_port_are_kept_once() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session, keep=2)
            for text in ("one", "two", "three"):
                await send(session, text)
            seen = [(way, port, frame.text) for way, port, _, frame in meter.recent("relay") if isinstance(frame, Words)]
            assert seen == [("in", "words", "two"), ("in", "words", "three"), ("out", "relayed", "two"), ("out", "relayed", "three")]
            assert [way for way, *_ in meter.recent("source")] == ["out", "out"]

    run_virtual(scene())


def test_how_long_ago_a_frame_passed_is_known() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            meter = meter_of(session, keep=2)
            await send(session)
            CLOCK.now = 100.0
            [(_, _, ago, _)] = meter.recent("source")
            assert ago == 100.0

    run_virtual(scene())


def test_activity_tells_what_is_new_since_the_last_look() -> None:
    async def scene() -> None:
        async with running(SPEC) as session:
            await send(session)
            activity = Activity([node.name for node in SPEC.nodes], session.statistics(), meter_of(session))
            nothing = [0.0, 0, 0]
            assert activity.look() == {"links": [[0, 0, 0], [0, 0, 1], [0, 0, 0]], "nodes": [nothing] * 4}
            await send(session)
            await send(session)
            await asyncio.sleep(1)
            seen = activity.look()
            assert seen["links"] == [[2, 0, 0], [1, 0, 2], [2, 0, 0]], "the first is under way, the others wait for it"
            assert seen["nodes"] == [nothing, [10_000.0, 2, 0], [0.0, 0, 1], [14_000.0, 2, 0]]
            assert activity.look()["links"] == [[0, 0, 0], [0, 0, 2], [0, 0, 0]]

    run_virtual(scene())


@pytest.mark.parametrize(
    ("frame", "fields"),
    [
        (words(), {"segment": 1, "text": "hello", "final": False}),
        (
            ReplyText(epoch=4, text="x" * 1000, at=0, last=True),
            {"epoch": 4, "text": "x" * LONGEST + "…", "at": 0, "last": True, "flush": False, "spoken": True},
        ),
        (
            CallerAudio(pcm=np.full(320, 16384, np.int16), rate=16000, t=3.0),
            {"rate": 16000, "ms": 20, "level": pytest.approx(-6.02, abs=0.1)},
        ),
    ],
)
def test_a_glimpse_of_a_frame(frame: Frame, fields: dict[str, object]) -> None:
    assert glimpse(frame) == fields
