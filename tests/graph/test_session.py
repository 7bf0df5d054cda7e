"""A call from its start to its end: nothing is left open, however it goes."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import Event, Heard, Playout, Turn
from voicegraph.graph.host import Host
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.session import START_LIMIT, Session
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor, running
from voicegraph.testing.runner import FakeLine


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


def session_of(*parts: Part) -> Session:
    return Session(graph(*parts), FakeLine(), id="x", host=Host())


def others() -> list[str]:
    """The tasks that are left."""
    return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def test_a_call_starts_runs_and_closes() -> None:
    async def main() -> None:
        async with running(graph(Part("a", Quiet))) as session:
            node = processor(session, Quiet)
            await asyncio.sleep(0)
            assert node.log == ["start", "run"]
        assert node.log == ["start", "run", "close"]
        assert others() == []

    run_virtual(main())


def test_no_frame_flows_before_every_node_has_started() -> None:
    class Hasty(Quiet):
        async def start(self) -> None:
            self.log.append(str(self.out.send(Event(kind="early"))))

    class Slow(Listener):
        async def start(self) -> None:
            await asyncio.sleep(1)

    async def main() -> None:
        async with running(graph(Part("a", Hasty), Part("b", Slow, "a.out>events"))) as session:
            assert processor(session, Hasty).log[0] == "False"
            assert processor(session, Slow).log == []

    run_virtual(main())


def test_nodes_start_beside_each_other() -> None:
    class Slow(Quiet):
        async def start(self) -> None:
            await asyncio.sleep(1)

    async def main() -> float:
        session = session_of(Part("a", Slow), Part("b", Slow), Part("c", Slow))
        await session.start()
        started = session.now()
        await session.close("done")
        return started

    assert run_virtual(main()) == 1.0


class Failing(Quiet):
    async def start(self) -> None:
        await super().start()
        await asyncio.sleep(0.1)
        raise CallFailed("The key is not valid.")


def test_a_failing_start_closes_every_node_and_says_why() -> None:
    async def main() -> None:
        session = session_of(Part("a", Quiet), Part("b", Failing), Part("c", Failing))
        with pytest.raises(CallFailed, match=r"The key is not valid\."):
            await session.start()
        assert [getattr(node.processor, "log") for node in session.nodes] == [["start", "close"]] * 3  # noqa: B009  # processors have no log
        assert others() == []

    run_virtual(main())


def test_a_failing_start_ends_what_other_nodes_have_spawned() -> None:
    class Reader(Quiet):
        async def start(self) -> None:
            self.call.spawn(asyncio.sleep(1000), self)

    async def main() -> None:
        session = session_of(Part("reader", Reader), Part("b", Failing))
        with pytest.raises(CallFailed):
            await session.start()
        assert others() == []

    run_virtual(main())


def test_of_several_failing_starts_none_is_complained_of_later() -> None:
    complaints: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        with pytest.raises(CallFailed):
            await session_of(Part("a", Failing), Part("b", Failing)).start()
        await asyncio.sleep(0)
        gc.collect()

    run_virtual(main())
    assert complaints == []


def test_an_unforeseen_failure_of_a_start_names_the_node_and_keeps_its_details_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Quiet):
        async def start(self) -> None:
            raise ValueError("details")

    async def main() -> None:
        with pytest.raises(CallFailed, match="'b'") as caught:
            await session_of(Part("b", Broken)).start()
        assert "details" not in str(caught.value)

    run_virtual(main())
    assert "details" in caplog.text


def test_a_start_has_a_limit() -> None:
    class Endless(Quiet):
        async def start(self) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        session = session_of(Part("a", Quiet), Part("slow", Endless))
        with pytest.raises(CallFailed, match="'slow' did not start within 10 s"):
            await session.start()
        assert START_LIMIT <= session.now() < START_LIMIT + 1
        assert others() == []

    run_virtual(main())


def test_a_start_that_is_cancelled_from_inside_is_a_failed_start() -> None:
    class Torn(Quiet):
        async def start(self) -> None:
            raise asyncio.CancelledError

    async def main() -> None:
        with pytest.raises(CallFailed, match="'torn' did not start"):
            await session_of(Part("torn", Torn)).start()

    run_virtual(main())


def test_hanging_up_during_the_start_gives_everything_back() -> None:
    class Endless(Quiet):
        async def start(self) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        session = session_of(Part("a", Quiet), Part("slow", Endless))
        start = asyncio.create_task(session.start())
        await asyncio.sleep(1)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert processor(session, Endless).log == ["close"]
        assert others() == []

    run_virtual(main())


def test_the_first_reason_counts() -> None:
    async def main() -> None:
        async with running(graph(Part("a", Quiet))) as session:
            session.end("first")
            session.end("second")
            assert await session.close("third") == "first"

    run_virtual(main())


def test_a_session_that_was_not_started_cannot_be_waited_for() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="not started"):
            await session_of(Part("a", Quiet)).wait()

    run_virtual(main())


def outcome(problem: Exception, *, floor: bool = False) -> str:
    """Why a call ends (if it does) in whose node `run()` raises."""

    class Raising(Quiet):
        owns_floor = floor

        async def run(self) -> None:
            raise problem

        def failed(self, sentence: str) -> None:
            self.log.append(sentence)

    async def main() -> str:
        async with running(graph(Part("a", Raising))) as session:
            await asyncio.sleep(0.1)
            return await session.close("hung up")

    return run_virtual(main())


def test_a_failing_main_loop_ends_the_call() -> None:
    assert outcome(CallFailed("The provider is gone.")) == "The provider is gone."
    assert "'a'" in outcome(ValueError())


def test_reply_failed_ends_the_call_only_where_nobody_has_the_floor() -> None:
    assert outcome(ReplyFailed("Busy.")) == "Busy."
    assert outcome(ReplyFailed("Busy."), floor=True) == "hung up"


def test_a_failure_reported_from_a_callback_waits_for_the_next_turn_of_the_loop() -> None:
    """It may come from inside of what the floor is doing."""

    class Floor(Quiet):
        owns_floor = True

        def failed(self, sentence: str) -> None:
            self.log.append(sentence)

    async def main() -> None:
        async with running(graph(Part("floor", Floor))) as session:
            floor, epoch = processor(session, Floor), session.replies.begin()
            session.fail(ReplyFailed("Busy."), floor, epoch)
            assert "Busy." not in floor.log
            await asyncio.sleep(0)
            assert "Busy." in floor.log

    run_virtual(main())


def test_a_failure_is_not_told_of_a_reply_that_is_over_by_then() -> None:
    class Floor(Quiet):
        owns_floor = True

        def failed(self, sentence: str) -> None:
            self.log.append(sentence)

    async def main() -> None:
        async with running(graph(Part("floor", Floor))) as session:
            session.fail(ReplyFailed("Busy."), processor(session, Floor), session.replies.begin())
            session.replies.drop("interrupted")
            await asyncio.sleep(0)
            assert "Busy." not in processor(session, Floor).log

    run_virtual(main())


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


def test_spawned_work_lives_as_long_as_the_call() -> None:
    async def main() -> None:
        async with running(graph(Part("a", Quiet))) as session:
            task = session.spawn(asyncio.sleep(1000), processor(session, Quiet))
            session.replies.begin()
            session.replies.drop("interrupted")
            await asyncio.sleep(1)
            assert not task.done(), "a reply that ends does not end it"
        assert task.cancelled()

    run_virtual(main())


def test_what_spawned_work_raises_ends_the_call() -> None:
    async def fail() -> None:
        raise CallFailed("The socket broke.")

    def work() -> Coroutine[Any, Any, None]:
        return fail()

    async def main() -> str:
        async with running(graph(Part("a", Quiet))) as session:
            session.spawn(work(), processor(session, Quiet))
            return await session.wait()

    assert run_virtual(main()) == "The socket broke."


def test_whether_somebody_has_the_floor() -> None:
    async def main() -> None:
        async with running(graph(Part("a", Quiet))) as session:
            assert not session.has_floor
        async with running(graph(Part("floor", Floor, "speaker.playout"), Part("speaker", Speaker, "floor.turns"))) as session:
            assert session.has_floor

    run_virtual(main())
