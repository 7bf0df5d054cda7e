"""Both ends of the line between front and worker, in one process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from voicegraph.errors import BadRequest, WorkerLost
from voicegraph.server.link import Answering, Asking, Fields, Line


@dataclass(slots=True)
class Both:
    asking: Asking
    answering: Answering
    worker: asyncio.Task[None]
    events: list[Any] = field(default_factory=list)


async def answer(what: str, fields: Fields) -> Any:
    match what:
        case "refuse":
            raise BadRequest("All lines are busy.", 503, 10)
        case "fail":
            raise ValueError("the caller's words")
        case "hang":
            await asyncio.Event().wait()
    return fields


@asynccontextmanager
async def both() -> AsyncIterator[Both]:
    ours, theirs = socket.socketpair()
    events: list[Any] = []
    asking = Asking(await Line.open(ours), lambda what, fields: events.append((what, fields)), lambda: events.append("gone"))
    line = await Line.open(theirs)
    answering = Answering(line)
    worker = asyncio.create_task(answering.run(answer))
    yield Both(asking, answering, worker, events)
    asking.close()
    await asyncio.wait_for(worker, 5)
    line.close()
    await asyncio.wait_for(asking.gone(), 5)


async def test_each_request_gets_its_own_answer() -> None:
    async with both() as ends:
        hanging = asyncio.create_task(ends.asking.ask("hang"))
        found = await asyncio.gather(*(ends.asking.ask("give", n=n) for n in range(20)))
        assert found == [{"n": n} for n in range(20)]
        hanging.cancel()


async def test_text_of_any_kind_arrives_whole() -> None:
    async with both() as ends:
        text = 'v=0\r\n"\n\\ äöü \u2028 😀' * 5000
        assert await ends.asking.ask("give", text=text) == {"text": text}


async def test_a_refusal_comes_through_with_its_status() -> None:
    async with both() as ends:
        with pytest.raises(BadRequest, match="All lines are busy") as problem:
            await ends.asking.ask("refuse")
        assert (problem.value.status, problem.value.retry_after) == (503, 10)


async def test_a_bug_in_one_request_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async with both() as ends:
        with pytest.raises(BadRequest, match="Something went wrong") as problem:
            await ends.asking.ask("fail")
        assert problem.value.status == 500
        assert await ends.asking.ask("give", n=1) == {"n": 1}


async def test_notes_come_in_order() -> None:
    async with both() as ends:
        for n in range(5):
            ends.answering.note("over", id=n)
        await ends.asking.ask("give")
        assert ends.events == [("over", {"id": n}) for n in range(5)]


async def test_whoever_waits_for_a_worker_that_dies_is_told_after_its_death() -> None:
    async with both() as ends:
        waiting = asyncio.create_task(ends.asking.ask("hang"))
        waiting.add_done_callback(lambda _: ends.events.append("told"))
        await ends.asking.ask("give")
        ends.asking.close()
        with pytest.raises(WorkerLost):
            await waiting
        await asyncio.sleep(0)
        assert ends.events == ["gone", "told"]
        with pytest.raises(WorkerLost):
            await ends.asking.ask("give")


async def test_an_answer_that_nobody_waits_for_any_more_does_no_harm() -> None:
    async with both() as ends:
        request = asyncio.create_task(ends.asking.ask("give", n=1))
        await asyncio.sleep(0)
        request.cancel()
        assert await ends.asking.ask("give", n=2) == {"n": 2}
