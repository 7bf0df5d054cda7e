"""One call of the server: a running graph, and the peer connection through which its caller is reached at the moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicegraph import __version__
from voicegraph.core import rtvi
from voicegraph.errors import BadRequest, CallFailed
from voicegraph.graph.host import Host
from voicegraph.graph.session import Session
from voicegraph.graph.spec import GraphSpec
from voicegraph.rtc.pacer import Pacer
from voicegraph.rtc.peer import CONNECT_LIMIT, SILENCE_LIMIT, Peer
from voicegraph.rtc.roaming import RoamingLine
from voicegraph.server.bodies import Candidate, Offer

ROAMING_LIMIT = 20.0
"""Seconds that a call waits for a caller whose network went. Clients notice after 5 s and come back with a new connection."""
SOON = 0.02
"""Seconds that the first answer waits for the nodes: what cannot start at all (no key, nothing installed) is known by then and refuses the offer."""
ARRIVAL_LIMIT = 5.0
"""Seconds that a client has to connect when it is only to be told that there will be no call,"""
READING_TIME = 0.5
"""and that it then has for its handshake."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """To an offer: the SDP, and the name by which the client calls this peer connection from now on."""

    sdp: str
    pc_id: str


class Call:
    """`await answer(offer)` for the client's first offer, which starts the call, and for each later one. It ends by itself or by `end(reason)`.

    on_over: called once, when nodes, connections and tasks of a call that had started are given back.
    """

    def __init__(
        self, id: str, spec: GraphSpec, host: Host, ice_servers: Sequence[Mapping[str, Any]] = (), on_over: Callable[[], None] = lambda: None
    ) -> None:
        self.id = id
        self._spec = spec
        self._host = host
        self._ice_servers = ice_servers
        self._on_over = on_over
        self._line = RoamingLine()
        self._session: Session | None = None
        """Once its nodes have started."""
        self._reason = ""
        """Why it ended; empty while it has not."""
        self._peer: Peer | None = None
        self._peers = 0
        self._arrived = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[None]] = set()
        self._roaming: asyncio.TimerHandle | None = None
        self._answering = asyncio.Lock()

    @property
    def pc_id(self) -> str:
        """The current peer connection: the call's id and how many there were."""
        return f"{self.id}.{self._peers}"

    @property
    def running(self) -> bool:
        """Whether it has begun and is not over."""
        return self._life is not None and not self._life.done()

    # --- signalling --------------------------------------------------------------------------------------------------------------

    async def answer(self, offer: Offer) -> Answer:
        """Answer the first offer, a renegotiation (the current `pc_id`, no restart), or an offer for a new connection (anything else).

        Raises BadRequest; after a bad first offer, nothing of the call is left.
        """
        async with self._answering:
            if self._peer is not None and offer.pc_id == self.pc_id and not offer.restart_pc:
                return Answer(await self._peer.answer(offer.sdp), self.pc_id)
            sdp = await self._connect(offer)
            if self._life is None:
                await self._begin()
            return Answer(sdp, self.pc_id)

    async def _connect(self, offer: Offer) -> str:
        """A new peer connection takes the place of the former one."""
        about = {"library": "voicegraph", "version": __version__, "graph": self._spec.name}
        peer = Peer(
            self._ice_servers,
            lambda reason: self._gone(peer, reason),
            lambda: self._back(peer),
            about,
            pacer=self._host.shared(Pacer),
            greeted=offer.restart_pc,
            connect_limit=CONNECT_LIMIT,
            silence_limit=SILENCE_LIMIT,
        )
        sdp = await peer.answer(offer.sdp)  # a peer that cannot answer closes itself
        if self._reason:
            await peer.close(self._reason)
            raise BadRequest("That call is over.", 404)
        former, self._peer = self._peer, peer
        self._peers += 1
        self._stop_roaming()
        self._line.attach(peer)
        self._beside(self._await_arrival(peer))
        if former is not None:
            self._beside(former.close(""))
        return sdp

    async def _begin(self) -> None:
        """Let the graph run. Raises BadRequest when it turns out at once that it cannot."""
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        log.info("call %s begins: %s", self.id, self._spec.name)
        self._life = asyncio.create_task(self._live(started), name=f"call {self.id}")
        await asyncio.wait([started], timeout=SOON)
        if started.done() and (problem := started.result()):
            self.end(problem)
            await self.over()
            raise BadRequest(problem, 409)

    async def candidates(self, pc_id: str, candidates: Sequence[Candidate]) -> None:
        """Trickled candidates; late ones of a former connection are of no use and no harm. Raises BadRequest."""
        peer = self._peer
        for each in candidates:
            if peer is not None and pc_id == self.pc_id:
                await peer.candidate(each.candidate, each.sdp_mid, each.sdp_mline_index)

    # --- the end -----------------------------------------------------------------------------------------------------------------

    def end(self, reason: str) -> None:
        """End the call; returns at once. The first reason counts."""
        first, self._reason = not self._reason, self._reason or reason
        if self._session is not None:
            self._session.end(reason)
        elif self._life is not None and first:  # a second one would cancel the hanging up
            self._life.cancel()

    async def over(self) -> None:
        """Wait until everything is given back."""
        if self._life is not None:
            await asyncio.wait([self._life])

    # --- life --------------------------------------------------------------------------------------------------------------------

    async def _live(self, started: asyncio.Future[str]) -> None:
        try:
            self._reason = await self._converse(started)
        except asyncio.CancelledError:
            pass  # end() came before the nodes had started; the reason is known
        finally:
            if not started.done():
                started.set_result(self._reason)
            await self._hang_up()

    async def _converse(self, started: asyncio.Future[str]) -> str:
        try:
            session = Session(self._spec, self._line, id=self.id, host=self._host)
            await session.start()
        except CallFailed as problem:
            started.set_result(str(problem))
            await self._apologise(str(problem))
            return str(problem)
        self._session = session
        started.set_result("")
        reason = await session.wait()
        self._session = None
        if not self._reason and self._peer is not None and not self._peer.ready:
            await self._apologise(reason)  # it failed by itself, before the client could be told anything
        return reason

    async def _apologise(self, sentence: str) -> None:
        """The client is still connecting: wait for it, so that it learns why there will be no call."""
        self._line.tell(rtvi.error(sentence, fatal=True))
        try:
            await asyncio.wait_for(self._arrived.wait(), ARRIVAL_LIMIT)
            await asyncio.sleep(READING_TIME)
        except TimeoutError:
            pass  # it never came

    async def _hang_up(self) -> None:
        self._stop_roaming()
        if self._peer is not None:
            await self._peer.close(self._reason)
        if self._aside:
            await asyncio.wait(self._aside)
        log.info("call %s is over: %s", self.id, self._reason)
        self._on_over()

    def _gone(self, peer: Peer, reason: str) -> None:
        """The peer has lost its client. When the network did it, the client may come back with another."""
        if peer is not self._peer or self._reason:
            return
        if not (peer.lost and self._arrived.is_set()):
            self.end(reason)
            return
        self._line.detach()
        self._roaming = asyncio.get_running_loop().call_later(ROAMING_LIMIT, self.end, reason)

    def _back(self, peer: Peer) -> None:
        """The network was away for a moment; the client did not need another connection."""
        if peer is self._peer and self._roaming is not None:
            self._stop_roaming()
            self._line.attach(peer)

    def _stop_roaming(self) -> None:
        if self._roaming is not None:
            self._roaming.cancel()
            self._roaming = None

    async def _await_arrival(self, peer: Peer) -> None:
        try:
            await peer.connected()
        except CallFailed:
            return  # _gone() is told, with the same reason
        self._arrived.set()

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
