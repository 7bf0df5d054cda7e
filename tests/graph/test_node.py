"""Nodes: tasks per reply, what a drop does to them, and what their handlers raise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import Event, ReplyText
from voicegraph.graph.node import GRACE
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Gate, Place, Processor
from voicegraph.graph.session import Session
from voicegraph.graph.spec import GraphSpec
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.graphs import Part, graph, processor, running


class Source(Processor):
    text = Out(ReplyText)
    events = Out(Event)


class Worker(Processor):
    """Does with every frame what the test says."""

    text = In(ReplyText, optional=True)
    events = In(Event, optional=True)
    out = Out(ReplyText)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.log: list[str] = []
        self.work: Callable[[int | None], Awaitable[None]] = self.sleep

    async def sleep(self, epoch: int | None) -> None:
        await asyncio.sleep(1)

    async def on_text(self, text: ReplyText) -> None:
        self.log.append(f"begin {text.text}")
        try:
            await self.work(text.epoch)
        except asyncio.CancelledError:
            self.log.append(f"cancelled {text.text}")
            raise
        self.log.append(f"end {text.text}")

    async def on_events(self, event: Event) -> None:
        self.log.append(f"begin {event.kind}")
        await self.work(None)
        self.log.append(f"end {event.kind}")

    def reset(self, epoch: int) -> None:
        self.log.append(f"reset {epoch}")


class Sink(Processor):
    text = In(ReplyText)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.got: list[str] = []

    def on_text(self, text: ReplyText) -> None:
        self.got.append(text.text)


class Floor(Processor):
    """Owns the replies, and is told when one fails."""

    owns_floor = True
    told = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.failures: list[str] = []

    def failed(self, sentence: str) -> None:
        self.failures.append(sentence)
        self.call.replies.drop("failed")


def spec() -> GraphSpec:
    return graph(
        Part("floor", Floor),
        Part("source", Source),
        Part("worker", Worker, "source.text source.events"),
        Part("sink", Sink, "worker.out>text"),
    )


def run(test: Callable[[Session, Source, Worker], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(spec()) as session:
            await test(session, processor(session, Source), processor(session, Worker))

    run_virtual(main())


def text(epoch: int, words: str = "a") -> ReplyText:
    return ReplyText(epoch=epoch, text=words, at=0)


def test_frames_are_handled_one_at_a_time() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        epoch = session.replies.begin()
        source.text.send(text(epoch, "a"))
        source.text.send(text(epoch, "b"))
        await session.nodes[2].idle.wait()
        assert worker.log == ["begin a", "end a", "begin b", "end b"]

    run(test)


def test_a_drop_empties_the_inbox_cancels_the_handler_and_resets() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        epoch = session.replies.begin()
        for words in ("a", "b", "c"):
            source.text.send(text(epoch, words))
        await asyncio.sleep(0.1)
        session.replies.drop("interrupted")
        await session.nodes[2].idle.wait()
        assert worker.log == ["begin a", f"reset {epoch}", "cancelled a"]
        assert session.statistics()[0].drops == 2

    run(test)


def test_frames_of_the_caller_survive_a_drop() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        source.text.send(text(session.replies.begin()))
        source.events.send(Event(kind="e"))
        await asyncio.sleep(0.1)
        session.replies.drop("interrupted")
        await session.nodes[2].idle.wait()
        assert worker.log[-2:] == ["begin e", "end e"]

    run(test)


def test_a_handler_of_the_caller_is_not_cancelled_by_a_drop() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        session.replies.begin()
        source.events.send(Event(kind="e"))
        await asyncio.sleep(0.1)
        session.replies.drop("interrupted")
        await session.nodes[2].idle.wait()
        assert "end e" in worker.log

    run(test)


def test_nodes_are_reset_from_the_bottom_up() -> None:
    order: list[str] = []

    class Noting(Processor):
        text = In(ReplyText, optional=True)
        on = Out(ReplyText)

        def on_text(self, text: ReplyText) -> None: ...

        def reset(self, epoch: int) -> None:
            order.append(self.name)

    async def main() -> None:
        async with running(graph(Part("top", Noting), Part("middle", Noting, "top.on>text"), Part("bottom", Noting, "middle.on>text"))) as session:
            session.replies.begin()
            session.replies.drop("finished")

    run_virtual(main())
    assert order == ["bottom", "middle", "top"]


def test_a_reset_that_fails_does_not_keep_the_others_from_theirs() -> None:
    order: list[str] = []

    class Fragile(Processor):
        text = In(ReplyText, optional=True)
        on = Out(ReplyText)

        def on_text(self, text: ReplyText) -> None: ...

        def reset(self, epoch: int) -> None:
            order.append(self.name)
            raise CallFailed(f"'{self.name}' cannot forget")

    async def main() -> None:
        async with running(graph(Part("top", Fragile), Part("bottom", Fragile, "top.on>text"))) as session:
            session.replies.begin()
            session.replies.drop("finished")
            assert await session.wait() == "'bottom' cannot forget"

    run_virtual(main())
    assert order == ["bottom", "top"]


def test_a_gate_that_fails_is_its_own_nodes_failure() -> None:
    class Loud(Processor):
        on = Out(ReplyText)

        def gate(self, gate: Gate) -> None:
            raise CallFailed(f"'{self.name}' cannot be quiet")

    async def main() -> None:
        async with running(graph(Part("loud", Loud))) as session:
            session.replies.begin()
            session.replies.gate("ducked")
            assert await session.wait() == "'loud' cannot be quiet"

    run_virtual(main())


def test_a_cancelled_handler_has_some_time_to_clean_up() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        async def clean(epoch: int | None) -> None:
            try:
                await asyncio.sleep(1)
            finally:
                await asyncio.sleep(GRACE / 2)
                worker.log.append("clean")

        worker.work = clean
        source.text.send(text(session.replies.begin()))
        await asyncio.sleep(0.1)
        session.replies.drop("interrupted")
        source.text.send(text(session.replies.begin(), "next"))
        await asyncio.sleep(GRACE)
        assert worker.log[-3:] == ["clean", "cancelled a", "begin next"]

    run(test)


def test_a_stubborn_handler_is_left_behind_and_its_frames_are_dead() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        async def stubborn(epoch: int | None) -> None:
            assert epoch is not None
            for _ in range(20):
                try:
                    await asyncio.sleep(0.02)
                except asyncio.CancelledError:
                    worker.log.append("ignored")
                sent.append(worker.out.send(text(epoch, "stale")))

        sent: list[bool] = []
        worker.work = stubborn
        source.text.send(text(session.replies.begin()))
        await asyncio.sleep(0.01)
        session.replies.drop("interrupted")
        worker.work = worker.sleep
        source.text.send(text(session.replies.begin(), "next"))
        await asyncio.sleep(GRACE * 1.1)
        assert worker.log[-1] == "begin next", "the node goes on without it"
        assert session.nodes[2].handlers, "and still knows it"
        await asyncio.sleep(1)
        assert not any(sent)
        assert processor(session, Sink).got == []

    run(test)


def test_what_a_reply_that_is_over_raises_is_only_counted() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        async def fail(epoch: int | None) -> None:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                raise CallFailed("the socket was closed") from None

        worker.work = fail
        source.text.send(text(session.replies.begin()))
        await asyncio.sleep(0.1)
        session.replies.drop("interrupted")
        await asyncio.sleep(0.1)
        assert session.dead_errors == 1
        assert await session.close("hung up") == "hung up"

    run(test)


def failing(problem: Exception) -> Callable[[int | None], Awaitable[None]]:
    async def fail(epoch: int | None) -> None:
        raise problem

    return fail


def test_reply_failed_ends_the_reply_and_not_the_call() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        worker.work = failing(ReplyFailed("The model is busy."))
        source.text.send(text(session.replies.begin()))
        await asyncio.sleep(0.1)
        assert processor(session, Floor).failures == ["The model is busy."]
        assert session.replies.live is None
        assert await session.close("hung up") == "hung up"

    run(test)


def test_call_failed_ends_the_call_with_its_sentence() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        worker.work = failing(CallFailed("No more credit."))
        source.text.send(text(session.replies.begin()))
        assert await session.wait() == "No more credit."

    run(test)


def test_any_other_exception_ends_the_call_and_names_the_node() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        worker.work = failing(ValueError("secret words of the caller"))
        source.events.send(Event(kind="e"))
        reason = await session.wait()
        assert "'worker'" in reason
        assert "secret" not in reason

    run(test)


def test_waiting_for_a_reply_that_is_dropped_does_not_deafen_the_node() -> None:
    """commit() of a dropped reply is cancelled: in a handler without a reply that must not end the node's own task."""

    async def test(session: Session, source: Source, worker: Worker) -> None:
        epoch = session.replies.begin()

        async def commit(_: int | None) -> None:
            await session.commit(epoch)

        worker.work = commit
        source.events.send(Event(kind="effect"))
        await asyncio.sleep(0.1)
        session.replies.drop("resumed")
        worker.work = worker.sleep
        source.events.send(Event(kind="next"))
        await asyncio.sleep(2)
        assert worker.log == ["begin effect", f"reset {epoch}", "begin next", "end next"]

    run(test)


def test_def_handlers_run_while_an_async_one_waits() -> None:
    """How a tool's result or a setting enters a node that is thinking."""

    class Thinker(Worker):
        events = In(Event)

        def on_events(self, event: Event) -> None:  # type: ignore[override]  # the same port, inline here
            self.log.append(event.kind)

    async def main() -> None:
        async with running(graph(Part("source", Source), Part("thinker", Thinker, "source.text source.events"))) as session:
            source = processor(session, Source)
            source.text.send(text(session.replies.begin()))
            await asyncio.sleep(0.1)
            source.events.send(Event(kind="setting"))
            assert processor(session, Thinker).log == ["begin a", "setting"]

    run_virtual(main())


def test_what_waits_when_frames_stop_flowing_is_not_handled_any_more() -> None:
    async def test(session: Session, source: Source, worker: Worker) -> None:
        source.events.send(Event(kind="first"))
        source.events.send(Event(kind="second"))
        await asyncio.sleep(0.1)
        session.replies.flowing = False
        await session.nodes[2].idle.wait()
        assert worker.log == ["begin first", "end first"]

    run(test)
