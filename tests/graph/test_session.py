"""A call from its start to its end: nothing is left open, however it goes."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import Event
from voicegraph.graph.host import Host
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import START_LIMIT, Place, Processor
from voicegraph.graph.session import Session
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


def test_a_node_that_cannot_be_made_is_named_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Quiet):
        def __init__(self, place: Place) -> None:
            super().__init__(place)
            raise ValueError("details")

    async def main() -> None:
        with pytest.raises(CallFailed, match="at 'b'"):
            session_of(Part("b", Broken))

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
