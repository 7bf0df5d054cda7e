"""The calls of the server: placed, found, counted and ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicegraph.errors import BadRequest
from voicegraph.graph.host import Host
from voicegraph.graph.spec import GraphSpec
from voicegraph.server.bodies import Candidates, Offer
from voicegraph.server.call import Answer, Call
from voicegraph.server.pulse import Pulse

BOOKING_LIMIT = 30.0
"""Seconds from /start to the first offer."""
MAX_BOOKINGS = 200
CLOSE_LIMIT = 2.5
"""Seconds in which all calls end when the server stops."""
OVER = "That call is over, or it never was: start a new one."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Booking:
    """A session that /start has promised and no offer has come for yet."""

    spec: GraphSpec
    expiry: asyncio.TimerHandle


class Calls:
    """Bookings and calls of one server, by session id. max_calls: how many may run at the same time."""

    def __init__(self, host: Host, ice_servers: Sequence[Mapping[str, Any]] = (), max_calls: int = 40) -> None:
        self.ice_servers = ice_servers
        self.pulse = Pulse()
        self._host = host
        self._max_calls = max_calls
        self._bookings: dict[str, Booking] = {}
        self._calls: dict[str, Call] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def bookings(self) -> int:
        """How many sessions wait for their first offer."""
        return len(self._bookings)

    # --- signalling --------------------------------------------------------------------------------------------------------------

    def book(self, spec: GraphSpec) -> str:
        """A new session id for a call of this graph, good for BOOKING_LIMIT seconds. Raises BadRequest when there is no room."""
        self._check_room()
        if len(self._bookings) >= MAX_BOOKINGS:
            raise BadRequest("Too many calls have been started without an offer. Please try again in a minute.", 503)
        id = secrets.token_urlsafe(12)
        expiry = asyncio.get_running_loop().call_later(BOOKING_LIMIT, self._bookings.pop, id, None)
        self._bookings[id] = Booking(spec, expiry)
        return id

    def booking(self, id: str) -> Booking | None:
        """The booking of a session that waits for its first offer."""
        return self._bookings.get(id)

    async def first(self, offer: Offer, spec: GraphSpec, id: str | None = None) -> Answer:
        """Start the call of a booked session, or of none: a client may come without /start. Raises BadRequest."""
        self._check_room()
        id = id or secrets.token_urlsafe(12)
        booking = self._bookings.pop(id, None)
        if booking is not None:
            booking.expiry.cancel()
        call = self._calls[id] = Call(id, spec, self._host, self.ice_servers, lambda: self._over(id))
        self._empty.clear()
        self.pulse.start()
        try:
            return await call.answer(offer)
        finally:
            if not call.running:
                call.end(OVER)  # for an offer that is waiting behind this one
                self._over(id)

    async def again(self, id: str, offer: Offer) -> Answer:
        """A renegotiation or a new connection of a running call. Raises BadRequest."""
        return await self._find(id).answer(offer)

    async def candidates(self, id: str, body: Candidates) -> None:
        """Raises BadRequest."""
        await self._find(id).candidates(body.pc_id, body.candidates)

    def end(self, id: str, reason: str) -> None:
        """End the call, or forget the booking. Raises BadRequest when there is neither."""
        booking = self._bookings.pop(id, None)
        if booking is None:
            self._find(id).end(reason)
        else:
            booking.expiry.cancel()

    async def empty(self) -> None:
        """Wait until no call is left."""
        await self._empty.wait()

    # --- the end -----------------------------------------------------------------------------------------------------------------

    async def close(self, reason: str) -> None:
        """Take no more calls, end all, and wait until they are over, within a limit."""
        self._closing = True
        for booking in self._bookings.values():
            booking.expiry.cancel()
        self._bookings.clear()
        calls = list(self._calls.values())
        for call in calls:
            call.end(reason)
        endings = [asyncio.create_task(call.over()) for call in calls]
        if endings:
            _, late = await asyncio.wait(endings, timeout=CLOSE_LIMIT)
            for task in late:
                task.cancel()
            if late:
                log.warning("%d calls did not end within %g s", len(late), CLOSE_LIMIT)

    def _over(self, id: str) -> None:
        self._calls.pop(id, None)
        if not self._calls:
            self._empty.set()
            self.pulse.stop()

    def _find(self, id: str) -> Call:
        call = self._calls.get(id)
        if call is None:
            raise BadRequest(OVER, 404)
        return call

    def _check_room(self) -> None:
        if self._closing:
            raise BadRequest("The server is shutting down.", 503)
        if len(self._calls) >= self._max_calls:
            raise BadRequest(f"All {self._max_calls} lines are busy. Please try again in a minute.", 503)
