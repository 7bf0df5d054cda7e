"""Links: inline or through an inbox, held, fed back, full; and what a handler raises."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from voicegraph.frames import CallerAudio, Event, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.testing.graphs import Part, graph, processor, running


class Source(Processor):
    events = Out(Event)
    text = Out(ReplyText)
    sound = Out(CallerAudio, rate=8000)


class Inline(Processor):
    events = In(Event)

    def __init__(self, place: object) -> None:
        super().__init__(place)  # type: ignore[arg-type]  # a Place
        self.got: list[str] = []

    def on_events(self, event: Event) -> None:
        if event.kind == "bad":
            raise OSError("disk full")
        self.got.append(event.kind)


class Queued(Processor):
    events = In(Event, size=2)

    def __init__(self, place: object) -> None:
        super().__init__(place)  # type: ignore[arg-type]  # a Place
        self.got: list[str] = []
        self.go = asyncio.Event()

    async def on_events(self, event: Event) -> None:
        await self.go.wait()
        self.got.append(event.kind)


class Latest(Queued):
    events = In(Event, size=2, full="oldest")


class Page(Processor):
    text = In(ReplyText, confirmed=True, size=2)

    def __init__(self, place: object) -> None:
        super().__init__(place)  # type: ignore[arg-type]  # a Place
        self.got: list[int] = []

    def on_text(self, text: ReplyText) -> None:
        self.got.append(text.at)


def event(kind: str = "e") -> Event:
    return Event(kind=kind)


async def test_a_def_handler_runs_inline_in_the_sender() -> None:
    async with running(graph(Part("source", Source), Part("sink", Inline, "source.events"))) as session:
        assert processor(session, Source).events.send(event("now"))
        assert processor(session, Inline).got == ["now"]


async def test_what_an_inline_handler_raises_stays_at_its_own_node(caplog: pytest.LogCaptureFixture) -> None:
    """A recorder's OSError must not go up into the RTP callback, and the other listeners get the frame."""
    parts = (Part("source", Source), Part("broken", Inline, "source.events"), Part("other", Queued, "source.events"))
    async with running(graph(*parts)) as session:
        processor(session, Queued).go.set()
        assert processor(session, Source).events.send(event("bad"))
        assert "'broken'" in await session.wait()
    assert "disk full" in caplog.text


async def test_not_even_a_cancellation_gets_out_of_an_inline_handler() -> None:
    class Cancelled(Processor):
        events = In(Event)

        def on_events(self, event: Event) -> None:
            raise asyncio.CancelledError

    async with running(graph(Part("source", Source), Part("broken", Cancelled, "source.events"))) as session:
        assert processor(session, Source).events.send(event("bad"))
        assert "'broken'" in await session.wait()


async def test_a_node_has_one_inbox_so_that_nothing_overtakes() -> None:
    """A flush once overtook three audio frames."""

    class Both(Processor):
        events = In(Event)
        text = In(ReplyText)

        async def on_events(self, event: Event) -> None:
            await asyncio.sleep(0)
            order.append("event")

        async def on_text(self, text: ReplyText) -> None:
            order.append("text")

    order: list[str] = []
    async with running(graph(Part("source", Source), Part("both", Both, "source.events source.text"))) as session:
        source, epoch = processor(session, Source), session.replies.begin()
        source.events.send(event())
        source.text.send(ReplyText(epoch=epoch, text="", at=0))
        source.events.send(event())
        await session.nodes[1].idle.wait()
    assert order == ["event", "text", "event"]


class Above(Processor):
    """Hears what the node below tells, and answers by sending again: without the delay it would re-enter itself."""

    events = Out(Event)
    back = In(Event, feedback=True)

    def __init__(self, place: object) -> None:
        super().__init__(place)  # type: ignore[arg-type]  # a Place
        self.log: list[str] = []

    def on_back(self, event: Event) -> None:
        self.log.append(f"back {event.kind}")

    def speak(self) -> None:
        self.log.append("before")
        self.events.send(event())
        self.log.append("after")


class Below(Processor):
    events = In(Event)
    back = Out(Event)

    def on_events(self, event: Event) -> None:
        self.back.send(event)


async def test_feedback_is_never_delivered_inline() -> None:
    async with running(graph(Part("above", Above, "below.back"), Part("below", Below, "above.events"))) as session:
        above = processor(session, Above)
        above.speak()
        assert above.log == ["before", "after"]
        await asyncio.sleep(0)
        assert above.log == ["before", "after", "back e"]


async def test_feedback_of_a_reply_that_ends_on_the_way_is_not_delivered() -> None:
    async with running(graph(Part("above", Above, "below.back"), Part("below", Below, "above.events"))) as session:
        processor(session, Below).back.send(Event(epoch=session.replies.begin(), kind="late"))
        session.replies.drop("interrupted")
        await asyncio.sleep(0)
        assert processor(session, Above).log == []


async def test_feedback_makes_nobody_wait() -> None:
    """Else a voice waits for the playout, which asks the agent that hears its progress, which asks the voice's own inbox: for ever."""

    class Agent(Processor):
        reply = Out(ReplyText)
        back = In(Event, feedback=True)

        def on_back(self, event: Event) -> None: ...

    class Voice(Processor):
        text = In(ReplyText, size=1)
        sound = Out(Event)

        async def on_text(self, text: ReplyText) -> None:
            assert await self.sound.room(text.epoch)
            spoken.append(text.at)

    class Speaker(Below):
        sound = In(Event)

        def on_sound(self, event: Event) -> None: ...

    spoken: list[int] = []
    parts = (Part("agent", Agent, "speaker.back"), Part("voice", Voice, "agent.reply>text"), Part("speaker", Speaker, "voice.sound"))
    async with running(graph(*parts)) as session:
        epoch = session.replies.begin()
        for at in range(3):
            processor(session, Agent).reply.send(ReplyText(epoch=epoch, text="", at=at))
        async with asyncio.timeout(5):
            await session.nodes[1].idle.wait()
    assert spoken == [0, 1, 2]


async def test_frames_of_a_reply_that_is_over_are_refused() -> None:
    async with running(graph(Part("source", Source), Part("page", Page, "source.text"))) as session:
        source, old = processor(session, Source), session.replies.begin()
        session.replies.drop("changed")
        session.replies.begin()
        session.replies.confirm()
        assert not source.text.send(ReplyText(epoch=old, text="stale", at=0))
        assert processor(session, Page).got == []
        assert session.statistics()[0].drops == 0, "they do not even enter the link"


async def test_a_confirmed_port_holds_frames_in_order() -> None:
    async with running(graph(Part("source", Source), Part("page", Page, "source.text"))) as session:
        source, page, epoch = processor(session, Source), processor(session, Page), session.replies.begin()
        for at in range(3):
            assert source.text.send(ReplyText(epoch=epoch, text="", at=at))
        assert page.got == []
        session.replies.confirm()
        source.text.send(ReplyText(epoch=epoch, text="", at=3))
        assert page.got == [0, 1, 2, 3]


async def test_a_discarded_reply_never_reaches_a_confirmed_port() -> None:
    async with running(graph(Part("source", Source), Part("page", Page, "source.text"))) as session:
        processor(session, Source).text.send(ReplyText(epoch=session.replies.begin(), text="", at=0))
        session.replies.drop("resumed")
        session.replies.begin()
        session.replies.confirm()
        assert processor(session, Page).got == []
        assert session.statistics()[0].drops == 1


async def test_room_always_yields_once() -> None:
    async with running(graph(Part("source", Source), Part("sink", Inline, "source.events"))) as session:
        other: list[str] = []
        asyncio.get_running_loop().call_soon(other.append, "ran")
        assert await processor(session, Source).events.room(None)
        assert other == ["ran"]


async def test_room_waits_while_the_inbox_is_full_and_wakes_when_it_is_not() -> None:
    async with running(graph(Part("source", Source), Part("sink", Queued, "source.events"))) as session:
        source, sink = processor(session, Source), processor(session, Queued)
        for _ in range(3):  # one is being handled
            source.events.send(event())
            await asyncio.sleep(0)
        room = asyncio.create_task(source.events.room(None))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not room.done()
        sink.go.set()
        assert await room


async def test_room_asks_through_nodes_without_an_inbox() -> None:
    class Between(Processor):
        events = In(Event)
        on = Out(Event)

        def on_events(self, event: Event) -> None:
            self.on.send(event)

    parts = (Part("source", Source), Part("between", Between, "source.events"), Part("sink", Queued, "between.on>events"))
    async with running(graph(*parts)) as session:
        source = processor(session, Source)
        for _ in range(3):
            source.events.send(event())
            await asyncio.sleep(0)
        room = asyncio.create_task(source.events.room(None))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not room.done()
        processor(session, Queued).go.set()
        assert await room


async def test_room_asks_the_processor_whether_it_is_full() -> None:
    class Tank(Processor):
        events = In(Event)
        brimful = True

        def on_events(self, event: Event) -> None: ...

        def full(self) -> bool:
            return self.brimful

    async with running(graph(Part("source", Source), Part("tank", Tank, "source.events"))) as session:
        room = asyncio.create_task(processor(session, Source).events.room(None))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not room.done()
        processor(session, Tank).brimful = False
        session.released()
        assert await room


async def test_room_asks_a_processor_with_an_inbox_too() -> None:
    class Reservoir(Queued):
        def full(self) -> bool:
            return not self.go.is_set()

    async with running(graph(Part("source", Source), Part("sink", Reservoir, "source.events"))) as session:
        room = asyncio.create_task(processor(session, Source).events.room(None))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not room.done()
        processor(session, Reservoir).go.set()
        session.released()
        assert await room


async def test_room_wakes_with_false_when_the_reply_is_dropped() -> None:
    async with running(graph(Part("source", Source), Part("page", Page, "source.text"))) as session:
        source, epoch = processor(session, Source), session.replies.begin()
        for at in range(2):
            source.text.send(ReplyText(epoch=epoch, text="", at=at))
        room = asyncio.create_task(source.text.room(epoch))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not room.done(), "the held frames count"
        session.replies.drop("resumed")
        assert not await room


async def test_room_wakes_when_held_frames_go_on() -> None:
    async with running(graph(Part("source", Source), Part("page", Page, "source.text"))) as session:
        source, epoch = processor(session, Source), session.replies.begin()
        for at in range(2):
            source.text.send(ReplyText(epoch=epoch, text="", at=at))
        room = asyncio.create_task(source.text.room(epoch))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        session.replies.confirm()
        async with asyncio.timeout(5):
            assert await room


async def test_room_wakes_with_false_when_the_call_closes() -> None:
    async with running(graph(Part("source", Source), Part("sink", Queued, "source.events"))) as session:
        source = processor(session, Source)
        for _ in range(4):
            source.events.send(event())
        room = asyncio.create_task(source.events.room(None))
        await asyncio.sleep(0)
        await session.close("hung up")
        assert not await room
        assert not source.events.send(event())


async def test_a_flood_ends_the_call_and_names_the_sender() -> None:
    async with running(graph(Part("source", Source), Part("sink", Queued, "source.events"))) as session:
        for _ in range(16 * 2 + 1):
            processor(session, Source).events.send(event())
        assert await session.wait() == "'source.events' sends faster than 'sink' can take"


async def test_the_oldest_frame_makes_place_where_the_port_says_so() -> None:
    async with running(graph(Part("source", Source), Part("sink", Latest, "source.events"))) as session:
        source, sink = processor(session, Source), processor(session, Latest)
        for count in range(6):
            source.events.send(event(str(count)))
        assert await source.events.room(None), "such a port makes nobody wait"
        sink.go.set()
        await session.nodes[1].idle.wait()
        assert sink.got == ["4", "5"]
        assert session.statistics()[0].drops == 4


def test_frames_are_frozen_and_their_arrays_read_only() -> None:
    """A gain in place once altered what a sibling got."""
    audio = CallerAudio(pcm=np.ones(3, np.int16), rate=8000, t=0.0)
    with pytest.raises(FrozenInstanceError):
        audio.rate = 16000  # type: ignore[misc]  # that is the point
    with pytest.raises(ValueError, match="read-only"):
        audio.pcm[0] = 2


def test_a_changed_frame_keeps_its_reply() -> None:
    assert replace(ReplyText(epoch=7, text="a", at=0), text="b").epoch == 7


async def test_an_inlet_knows_its_rate_and_whether_it_is_linked() -> None:
    class Sink(Processor):
        sound = In(CallerAudio)
        other = In(CallerAudio, optional=True)

        def on_sound(self, audio: CallerAudio) -> None: ...
        def on_other(self, audio: CallerAudio) -> None: ...

    async with running(graph(Part("source", Source), Part("sink", Sink, "source.sound"), rate=8000)) as session:
        sink = processor(session, Sink)
        assert sink.sound.linked
        assert sink.sound.rate == 8000
        assert not sink.other.linked
        with pytest.raises(LookupError, match="'other'"):
            _ = sink.other.rate
        assert processor(session, Source).sound.linked
        assert not processor(session, Source).text.linked


async def test_statistics_count_what_a_link_has_done() -> None:
    async with running(graph(Part("source", Source), Part("sink", Queued, "source.events"))) as session:
        for _ in range(3):
            processor(session, Source).events.send(event())
        processor(session, Queued).go.set()
        await session.nodes[1].idle.wait()
        (statistics,) = session.statistics()
        assert (statistics.frames, statistics.drops, statistics.waiting, statistics.deepest) == (3, 0, 0, 3)
