"""The end of a call: the last Heard arrives, nothing new begins, everything is given back within a limit."""

from __future__ import annotations

import asyncio

import pytest

from voicegraph.frames import Event, Heard, Playout, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor, running


class Quiet(Processor):
    """Starts, waits for ever, closes; and says when."""

    out = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.log: list[str] = []

    async def start(self) -> None:
        self.log.append("start")

    async def run(self) -> None:
        self.log.append("run")
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.log.append("close")


class Listener(Quiet):
    events = In(Event)

    def on_events(self, event: Event) -> None:
        self.log.append(event.kind)


def others() -> list[str]:
    """The tasks that are left."""
    return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


class Speaker(Processor):
    """Tells of every confirmed reply that it was heard."""

    turns = In(Turn)
    playout = Out(Playout)

    def on_turns(self, turn: Turn) -> None: ...

    def reset(self, epoch: int) -> None:
        self.playout.send(Heard(reply=epoch, text="", samples=0, rate=8000, finished=False, why=self.call.replies.dropped_for))


class Floor(Processor):
    """Begins the next reply as soon as the last one is settled."""

    owns_floor = True
    playout = In(Playout, feedback=True)
    turns = Out(Turn)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.heard: list[Playout] = []

    def on_playout(self, fact: Playout) -> None:
        self.heard.append(fact)
        self.call.replies.settle(fact.reply)
        self.begin()

    def begin(self) -> bool:
        sent = self.turns.send(Turn(epoch=self.call.replies.begin(), text="again"))
        self.call.replies.confirm()
        return sent


def test_the_heard_of_the_last_reply_arrives_before_the_call_is_over() -> None:
    async def main() -> None:
        async with running(graph(Part("floor", Floor, "speaker.playout"), Part("speaker", Speaker, "floor.turns"))) as session:
            processor(session, Floor).begin()
            await session.close("hung up")
            (heard,) = processor(session, Floor).heard
            assert isinstance(heard, Heard)
            assert heard.why == "ended"

    run_virtual(main())


def test_the_last_heard_reaches_an_async_handler_too() -> None:
    class Agent(Processor):
        playout = In(Playout, feedback=True)
        turns = Out(Turn)

        async def on_playout(self, fact: Playout) -> None:
            remembered.append(fact.reply)

    remembered: list[int] = []

    async def main() -> None:
        async with running(graph(Part("agent", Agent, "speaker.playout"), Part("speaker", Speaker, "agent.turns"))) as session:
            session.replies.begin()

    run_virtual(main())
    assert remembered == [1]


def test_no_reply_is_asked_for_while_the_call_ends() -> None:
    class Counting(Speaker):
        asked = 0

        def on_turns(self, turn: Turn) -> None:
            self.asked += 1

    async def main() -> None:
        async with running(graph(Part("floor", Floor, "speaker.playout"), Part("speaker", Counting, "floor.turns"))) as session:
            processor(session, Floor).begin()
            await session.close("hung up")
            assert processor(session, Counting).asked == 1

    run_virtual(main())


def test_sources_are_silent_before_the_last_reply_is_dropped() -> None:
    class Microphone(Quiet):
        def reset(self, epoch: int) -> None:
            self.log.append(f"sent {self.out.send(Event(kind='late'))}")

    async def main() -> None:
        async with running(graph(Part("mic", Microphone), Part("b", Listener, "mic.out>events"))) as session:
            session.replies.begin()
            await session.close("hung up")
            assert "sent False" in processor(session, Microphone).log
            assert "late" not in processor(session, Listener).log

    run_virtual(main())


def ending(kind: type[Processor], limit: float) -> None:
    """A call with such a node ends within `limit` seconds of virtual time, and closes the node after it all the same."""

    async def main() -> None:
        async with running(graph(Part("bad", kind), Part("good", Quiet))) as session:
            await asyncio.sleep(0.1)
            ended = session.now()
            await session.close("hung up")
            assert session.now() - ended <= limit
            assert processor(session, Quiet).log[-1] == "close"

    run_virtual(main())


class Obstinate(Processor):
    out = Out(Event)

    async def run(self) -> None:
        while self.call.now() < 5:
            try:
                await asyncio.sleep(0.02)
            except asyncio.CancelledError:
                continue


def test_a_stubborn_task_does_not_keep_the_call_open(caplog: pytest.LogCaptureFixture) -> None:
    ending(Obstinate, 0.6)
    assert "bad.run does not let itself be cancelled" in caplog.text


def test_a_task_that_is_never_cancelled_does_not_keep_the_process_open() -> None:
    """It is broken off: `asyncio.run` would wait for it."""

    class Endless(Processor):
        out = Out(Event)

        async def run(self) -> None:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    continue

    ending(Endless, 0.7)


def test_a_close_that_hangs_does_not_keep_the_call_open(caplog: pytest.LogCaptureFixture) -> None:
    class Hanging(Processor):
        out = Out(Event)

        async def close(self) -> None:
            await asyncio.Event().wait()

    ending(Hanging, 1.1)
    assert "'bad' of call test did not close within 1 s" in caplog.text


def test_a_close_that_swallows_its_cancellation_does_not_keep_the_call_open() -> None:
    class Swallowing(Processor):
        out = Out(Event)

        async def close(self) -> None:
            while self.call.now() < 5:
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    continue

    ending(Swallowing, 1.6)


def test_a_close_that_fails_does_not_keep_the_others_open(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Processor):
        out = Out(Event)

        async def close(self) -> None:
            raise OSError("already gone")

    ending(Broken, 0.1)
    assert "already gone" in caplog.text


def test_a_handler_that_cleans_up_is_waited_for_at_the_end() -> None:
    """Its task is the node's, and must not be left behind when the call is over."""
    cleaned: list[float] = []

    class Careful(Processor):
        turns = In(Turn)

        async def on_turns(self, turn: Turn) -> None:
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(0.03)
                cleaned.append(self.call.now())

    class Asking(Processor):
        turns = Out(Turn)

    async def main() -> None:
        async with running(graph(Part("asking", Asking), Part("careful", Careful, "asking.turns"))) as session:
            processor(session, Asking).turns.send(Turn(epoch=session.replies.begin(), text=""))
            await asyncio.sleep(0.1)
        assert cleaned == [0.13]
        assert others() == []

    run_virtual(main())


def test_whether_somebody_has_the_floor() -> None:
    async def main() -> None:
        async with running(graph(Part("a", Quiet))) as session:
            assert not session.has_floor
        async with running(graph(Part("floor", Floor, "speaker.playout"), Part("speaker", Speaker, "floor.turns"))) as session:
            assert session.has_floor

    run_virtual(main())
