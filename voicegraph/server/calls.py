"""The calls of the server: booked, admitted, placed, found, counted and ended. Workers run them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicegraph.core.slots import Slots
from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, WorkerLost
from voicegraph.server.bodies import OVER, Answer, Candidates, Choice, Offer
from voicegraph.server.worker import Told, Worker

BOOKING_LIMIT = 30.0
"""Seconds from /start to the first offer."""
LOST_LIMIT = 60.0
"""Seconds that the call of a worker which died waits for its client: those notice after 5 s, and try several times."""
MAX_BOOKINGS = 200
ATTEMPTS = 3
"""How many workers may die of one offer before it is refused."""
BUSY, RESTARTING = 10, 5
"""Seconds after which a client may try again: when all lines are busy, when the server is going."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A session whose call waits for an offer: /start has promised it, or its worker has died. Then the offer restarts the client's connection."""

    choice: Choice
    expiry: asyncio.TimerHandle


class Calls:
    """Bookings and calls of one server, by session id. max_calls: how many each worker takes.

    A slot is taken when the first offer arrives, and given back when the worker says that the call is over, that it could not be started,
    or when the worker dies: not when a request is cancelled, which leaves the call unknown for a while but not its slot.
    """

    def __init__(self, max_calls: int, ice_servers: Sequence[Mapping[str, Any]] = ()) -> None:
        self.ice_servers = ice_servers
        self.draining = False
        self.told = Told(self._over, self._keep)
        self._slots: Slots[Worker] = Slots(max_calls)
        self._bookings: dict[str, Booking] = {}
        self._choices: dict[str, Choice] = {}
        """Of each running call: what it could be started anew from, with its newest token."""
        self._arriving: dict[str, asyncio.Task[Answer]] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return self._slots.taken

    @property
    def bookings(self) -> int:
        """How many sessions wait for an offer."""
        return len(self._bookings)

    @property
    def slots(self) -> int:
        """How many calls there may be at the same time, with the workers that there are now."""
        return self._slots.total

    def workers(self) -> list[dict[str, Any]]:
        """Each worker's name, process and calls, and how late its event loop was, JSON-ready."""
        loads = sorted(self._slots.loads().items(), key=_by_name)
        return [{"name": worker.name, "pid": worker.pid, "calls": calls, "loop": worker.loop} for worker, calls in loads]

    # --- workers -----------------------------------------------------------------------------------------------------------------

    def join(self, worker: Worker) -> None:
        """A worker that takes calls from now on."""
        self._slots.join(worker)

    def leave(self, worker: Worker) -> int:
        """The worker is gone. How many calls went with it: each waits for a while to be started anew elsewhere."""
        lost = self._slots.leave(worker)
        for id in lost:
            choice = self._choices.pop(id)
            if not self.draining:
                self._hold(id, choice, LOST_LIMIT)
        self._look_whether_empty()
        return len(lost)

    def _over(self, id: str) -> None:
        self._slots.give(id)
        self._choices.pop(id, None)
        self._look_whether_empty()

    def _keep(self, id: str, token: str) -> None:
        if (choice := self._choices.get(id)) is not None:
            self._choices[id] = choice.model_copy(update={"resume": token})

    # --- signalling --------------------------------------------------------------------------------------------------------------

    def book(self, choice: Choice) -> str:
        """A new session id for such a call, good for BOOKING_LIMIT seconds. Raises BadRequest when there is no room."""
        self._check_room()
        if len(self._bookings) >= MAX_BOOKINGS:
            raise BadRequest("Too many calls have been started without an offer. Please try again in a minute.", 503, BUSY)
        id = new_id()
        self._hold(id, choice, BOOKING_LIMIT)
        return id

    async def first(self, offer: Offer) -> Answer:
        """An offer without /start. Raises BadRequest, as the next ones do."""
        return await self._admit(new_id(), offer, offer.choice)

    async def offer(self, id: str, offer: Offer) -> Answer:
        """The first offer of a session, a renegotiation, a new connection of a running call, or one for the call of a worker that died."""
        await self._arrived(id)
        if (worker := self._slots.where(id)) is not None:
            try:
                return await worker.again(id, offer)
            except WorkerLost:
                pass  # and the call waits for this very offer now
        booking = self._bookings.get(id)
        if booking is None or (offer.pc_id is not None and not offer.restart_pc):
            raise BadRequest(OVER, 404)  # a connection that is to be renegotiated died with its worker
        return await self._admit(id, offer, booking.choice.with_wishes(offer.choice))

    async def candidates(self, id: str, body: Candidates) -> None:
        await self._arrived(id)
        try:
            await self._find(id).candidates(id, body)
        except WorkerLost as problem:
            raise BadRequest(OVER, 404) from problem

    async def end(self, id: str, reason: str) -> None:
        """End the call, or forget the booking."""
        await self._arrived(id)
        if not self._release(id):
            try:
                await self._find(id).end(id, reason)
            except WorkerLost:
                self._release(id)

    async def check(self, id: str) -> None:
        """Raises BadRequest when there is no such call: before a client's upload is looked at."""
        await self._arrived(id)
        self._find(id)

    async def voice(self, id: str, pcm: Pcm) -> None:
        """Let a running call speak in this voice, as `Worker.voice`."""
        await self._arrived(id)
        try:
            await self._find(id).voice(id, pcm)
        except WorkerLost as problem:
            raise BadRequest(OVER, 404) from problem

    async def recording(self, id: str) -> Path | None:
        """The file with the recording of a call that is running or was not long ago; None where its caller can have none."""
        found = await asyncio.gather(*(worker.recording(id) for worker in self._slots.loads()), return_exceptions=True)
        return next((path for path in found if isinstance(path, Path)), None)

    # --- the end -----------------------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Take no more calls. Those that run go on, also over a new connection."""
        self.draining = True
        for id in list(self._bookings):
            self._release(id)

    async def empty(self) -> None:
        """Wait until no call is left."""
        await self._empty.wait()

    async def close(self, reason: str) -> None:
        """Take no more calls, end all, and wait until they are over, within the workers' limit."""
        self.drain()
        await asyncio.gather(
            *(worker.close(reason) for worker in self._slots.loads()), return_exceptions=True
        )  # one that dies has ended its calls too

    # --- inside ------------------------------------------------------------------------------------------------------------------

    async def _admit(self, id: str, offer: Offer, choice: Choice) -> Answer:
        """In a task, which goes on when the client does not wait for its answer: a slot must not depend on that."""
        task = asyncio.create_task(self._place(id, offer, choice), name=f"offer {id}")
        self._arriving[id] = task
        task.add_done_callback(lambda task: self._placed(id, task))
        return await asyncio.shield(task)

    def _placed(self, id: str, task: asyncio.Task[Answer]) -> None:
        self._arriving.pop(id, None)
        if not task.cancelled():
            task.exception()  # retrieved, also when nobody waits any more

    async def _place(self, id: str, offer: Offer, choice: Choice) -> Answer:
        for _ in range(ATTEMPTS):
            self._check_room()
            worker = self._slots.take(id)
            assert worker is not None, "there is room"
            self._release(id)
            self._choices[id] = choice
            self._empty.clear()
            try:
                return await worker.first(id, offer, choice)
            except WorkerLost:
                continue  # its slot went with it; this offer does as well for another
            except BaseException:
                self._over(id)
                raise
        self._release(id)
        raise BadRequest("The server could not start this call. Please try again in a minute.", 503, BUSY)

    def _check_room(self) -> None:
        if self.draining:
            raise BadRequest("The server is going to stop and takes no more calls. Please try again in a moment.", 503, RESTARTING)
        if self._slots.total == 0:
            raise BadRequest("The server is not ready yet. Please try again in a moment.", 503, RESTARTING)
        if self._slots.full:
            raise BadRequest(f"All {self._slots.total} lines are busy. Please try again in a minute.", 503, BUSY)

    def _hold(self, id: str, choice: Choice, limit: float) -> None:
        expiry = asyncio.get_running_loop().call_later(limit, self._bookings.pop, id, None)
        self._bookings[id] = Booking(choice, expiry)

    def _release(self, id: str) -> bool:
        """Forget the booking; whether there was one."""
        booking = self._bookings.pop(id, None)
        if booking is not None:
            booking.expiry.cancel()
        return booking is not None

    async def _arrived(self, id: str) -> None:
        """Wait until the first offer of this session, if it is under way, has got its worker's answer."""
        if (arriving := self._arriving.get(id)) is not None:
            await asyncio.wait([arriving])

    def _find(self, id: str) -> Worker:
        worker = self._slots.where(id)
        if worker is None:
            raise BadRequest(OVER, 404)
        return worker

    def _look_whether_empty(self) -> None:
        if not self._slots.taken:
            self._empty.set()


def new_id() -> str:
    """Nobody can guess it: who knows a session's id may end its call."""
    return secrets.token_urlsafe(12)


def _by_name(load: tuple[Worker, int]) -> str:
    return load[0].name
