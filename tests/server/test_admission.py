"""Which calls are taken, where they go, and that every slot is given back, whatever order offers, ends and deaths come in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, WorkerLost
from voicegraph.server.bodies import OVER, Answer, Candidates, Choice, Offer
from voicegraph.server.calls import Calls
from voicegraph.testing.clock import run_virtual


@dataclass(eq=False)
class Scripted:
    """A worker whose answers wait until the test gives them."""

    calls: Calls
    name: str = "worker"
    pid: int = 1
    loop: Mapping[str, float] = field(default_factory=dict)
    running: dict[str, Choice] = field(default_factory=dict)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    at_once: bool = True

    async def first(self, id: str, offer: Offer, choice: Choice) -> Answer:
        if not self.at_once:
            self.waiting[id] = asyncio.get_running_loop().create_future()
            try:
                await self.waiting[id]
            finally:
                del self.waiting[id]
        self.running[id] = choice
        return Answer("sdp", f"{id}.1")

    async def again(self, id: str, offer: Offer) -> Answer:
        if id not in self.running:
            raise WorkerLost
        return Answer("sdp", f"{id}.2")

    async def candidates(self, id: str, body: Candidates) -> None: ...

    async def end(self, id: str, reason: str) -> None:
        self.over(id)

    async def voice(self, id: str, pcm: Pcm) -> None: ...

    async def recording(self, id: str) -> Path | None:
        return Path(f"{id}.wav") if id in self.running else None

    async def close(self, reason: str) -> None:
        for id in list(self.running):
            self.over(id)

    def over(self, id: str) -> None:
        if self.running.pop(id, None) is not None:
            self.calls.told.over(id)

    def die(self) -> None:
        self.running.clear()
        self.calls.leave(self)
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(WorkerLost())


def offer(pc_id: str | None = None, restart: bool = False, **choice: Any) -> Offer:
    return Offer.model_validate({"sdp": "v=0", "type": "offer", "pc_id": pc_id, "restart_pc": restart, "requestData": choice or None})


@pytest.fixture
async def calls() -> Calls:
    return Calls(max_calls=2)


@pytest.fixture
async def worker(calls: Calls) -> Scripted:
    worker = Scripted(calls)
    calls.join(worker)
    return worker


async def refused(what: Any) -> BadRequest:
    with pytest.raises(BadRequest) as problem:
        await what
    return problem.value


async def test_a_slot_is_taken_at_the_offer_and_not_before(calls: Calls, worker: Scripted) -> None:
    id = calls.book(Choice(graph="echo"))
    assert (len(calls), calls.bookings) == (0, 1)
    await calls.offer(id, offer())
    assert (len(calls), calls.bookings) == (1, 0)
    assert worker.running[id].graph == "echo"


async def test_what_the_offer_chooses_counts_more(calls: Calls, worker: Scripted) -> None:
    id = calls.book(Choice(graph="echo", resume="token"))
    await calls.offer(id, offer(graph="local"))
    assert worker.running[id] == Choice(graph="local", resume="token")


async def test_a_full_server_says_when_to_come_back_and_keeps_the_booking(calls: Calls, worker: Scripted) -> None:
    id = calls.book(Choice())
    for _ in range(2):
        await calls.first(offer())
    problem = await refused(calls.offer(id, offer()))
    assert (problem.status, problem.retry_after) == (503, 10)
    assert calls.bookings == 1
    worker.over(next(iter(worker.running)))
    await calls.offer(id, offer())
    assert len(calls) == 2


async def test_a_server_without_workers_is_not_ready(calls: Calls) -> None:
    problem = await refused(calls.first(offer()))
    assert (problem.status, problem.retry_after) == (503, 5)


async def test_a_request_that_is_cancelled_keeps_its_slot_until_the_worker_has_answered(calls: Calls, worker: Scripted) -> None:
    worker.at_once = False
    request = asyncio.create_task(calls.first(offer()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])
    [id] = worker.waiting
    assert len(calls) == 1
    worker.waiting[id].set_exception(BadRequest("It cannot start.", 409))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(calls) == 0


async def test_an_offer_whose_worker_dies_is_placed_with_another(calls: Calls, worker: Scripted) -> None:
    worker.at_once = False
    request = asyncio.create_task(calls.first(offer()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    other = Scripted(calls)
    calls.join(other)
    worker.die()
    answer = await request
    assert list(other.running) == [answer.pc_id.rpartition(".")[0]]
    assert (len(calls), calls.bookings) == (1, 0)


async def test_the_call_of_a_worker_that_died_starts_anew_from_its_newest_token(calls: Calls, worker: Scripted) -> None:
    id = calls.book(Choice(graph="echo"))
    await calls.offer(id, offer())
    calls.told.token(id, "old")
    calls.told.token(id, "new")
    worker.die()
    assert len(calls) == 0
    other = Scripted(calls)
    calls.join(other)
    assert (await refused(calls.offer(id, offer(f"{id}.1")))).status == 404  # the connection to renegotiate is gone
    await calls.offer(id, offer(f"{id}.1", restart=True))
    assert other.running[id] == Choice(graph="echo", resume="new")
    assert len(calls) == 1


async def test_it_waits_for_a_while_only(calls: Calls, worker: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.calls.LOST_LIMIT", 0.0)
    id = (await calls.first(offer())).pc_id.rpartition(".")[0]
    worker.die()
    calls.join(Scripted(calls))
    await asyncio.sleep(0.01)
    assert (await refused(calls.offer(id, offer(f"{id}.1", restart=True)))).status == 404


async def test_hanging_up_a_lost_call_forgets_it(calls: Calls, worker: Scripted) -> None:
    id = (await calls.first(offer())).pc_id.rpartition(".")[0]
    worker.die()
    await calls.end(id, "The caller hung up.")
    assert calls.bookings == 0
    assert str(await refused(calls.end(id, "The caller hung up."))) == OVER


async def test_what_follows_an_offer_under_way_waits_for_it(calls: Calls, worker: Scripted) -> None:
    worker.at_once = False
    id = calls.book(Choice())
    first = asyncio.create_task(calls.offer(id, offer()))
    await asyncio.sleep(0)
    second, end = asyncio.create_task(calls.offer(id, offer())), asyncio.create_task(calls.end(id, "The caller hung up."))
    await asyncio.sleep(0)
    assert not second.done()
    assert not end.done()
    worker.waiting[id].set_result(None)
    await first
    await end
    assert (await second).pc_id == f"{id}.2"
    assert len(calls) == 0


async def test_a_draining_server_takes_none_but_those_that_it_has(calls: Calls, worker: Scripted) -> None:
    booked = calls.book(Choice())
    answer = await calls.first(offer())
    id = answer.pc_id.rpartition(".")[0]
    calls.drain()
    for what in (calls.first(offer()), calls.offer(booked, offer())):
        assert (await refused(what)).status in (404, 503)
    assert (await calls.offer(id, offer(answer.pc_id, restart=True))).pc_id == f"{id}.2"
    empty = asyncio.create_task(calls.empty())
    await asyncio.sleep(0)
    assert not empty.done()
    worker.over(id)
    await empty


class Story:
    """A server and its clients, moved step by step; `n` chooses among those whom a step can meet."""

    def __init__(self) -> None:
        self.calls = Calls(max_calls=2)
        self.workers: list[Scripted] = []
        self.requests: list[asyncio.Task[Any]] = []
        self.ids: list[str] = []

    def waiting(self) -> list[asyncio.Future[None]]:
        return [future for worker in self.workers for future in worker.waiting.values() if not future.done()]

    def join(self, n: int) -> None:
        self.workers.append(Scripted(self.calls, at_once=False))
        self.calls.join(self.workers[-1])

    def die(self, n: int) -> None:
        if self.workers:
            self.workers.pop(n % len(self.workers)).die()

    def offer(self, n: int) -> None:
        self.requests.append(asyncio.create_task(self.calls.first(offer())))

    def answer(self, n: int) -> None:
        if waiting := self.waiting():
            waiting[n % len(waiting)].set_result(None)

    def refuse(self, n: int) -> None:
        if waiting := self.waiting():
            waiting[n % len(waiting)].set_exception(BadRequest("no"))

    def cancel(self, n: int) -> None:
        if self.requests:
            self.requests[n % len(self.requests)].cancel()

    def over(self, n: int) -> None:
        if running := [(worker, id) for worker in self.workers for id in worker.running]:
            worker, id = running[n % len(running)]
            worker.over(id)

    def again(self, n: int) -> None:
        if self.ids:
            self.requests.append(asyncio.create_task(self.calls.offer(self.ids[n % len(self.ids)], offer("x", restart=True))))

    def hang_up(self, n: int) -> None:
        if self.ids:
            self.requests.append(asyncio.create_task(self.calls.end(self.ids[n % len(self.ids)], "hung up")))

    async def settled(self) -> None:
        """What was begun has gone as far as it can without another step; what workers hold is what the account says."""
        await asyncio.sleep(0.001)
        held = sum(len(worker.running) + len(worker.waiting) for worker in self.workers)
        assert len(self.calls) == held <= self.calls.slots == 2 * len(self.workers)
        self.ids += [id for worker in self.workers for id in worker.running if id not in self.ids]


STEPS = ("join", "die", "offer", "offer", "answer", "answer", "refuse", "cancel", "over", "again", "hang_up")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=60))
def test_no_slot_is_lost_or_given_back_twice_in_any_order(steps: list[tuple[str, int]]) -> None:
    async def told() -> None:
        story = Story()
        for step, n in steps:
            getattr(story, step)(n)
            await story.settled()
        for future in story.waiting():
            future.set_exception(BadRequest("the end"))
        await story.calls.close("the end")
        await story.settled()
        await asyncio.gather(*story.requests, return_exceptions=True)
        assert len(story.calls) == 0
        await story.calls.empty()

    run_virtual(told())


async def test_the_recording_of_a_call_is_looked_for_at_every_worker(calls: Calls, worker: Scripted) -> None:
    other = Scripted(calls)
    calls.join(other)
    first, second = [(await calls.first(offer())).pc_id.partition(".")[0] for _ in range(2)]
    assert [await calls.recording(id) for id in (first, second, "another")] == [Path(f"{first}.wav"), Path(f"{second}.wav"), None]
