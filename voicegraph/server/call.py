"""One call of the server: a running graph, and the peer connection through which its caller is reached at the moment."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from voicegraph import __version__
from voicegraph.core import rtvi
from voicegraph.errors import BadRequest, CallFailed, loggable
from voicegraph.graph.host import Host
from voicegraph.graph.line import Message
from voicegraph.graph.memory import Memory
from voicegraph.graph.session import Session
from voicegraph.graph.spec import GraphSpec
from voicegraph.rtc.pacer import Pacer
from voicegraph.rtc.peer import CONNECT_LIMIT, SILENCE_LIMIT, Peer
from voicegraph.rtc.reach import Reach
from voicegraph.rtc.roaming import RoamingLine
from voicegraph.server.bodies import Answer, Candidate, Offer
from voicegraph.server.feed import Feed
from voicegraph.server.resume import Resumption
from voicegraph.server.worker import Told

ROAMING_LIMIT = 20.0
"""Seconds that a call waits for a caller whose network went. Clients notice after 5 s and come back with a new connection."""
SOON = 0.02
"""Seconds that the first answer waits for the nodes: what cannot start at all (no key, nothing installed) is known by then and refuses the offer."""
ARRIVAL_LIMIT = 5.0
"""Seconds that a client has to connect when it is only to be told that there will be no call,"""
READING_TIME = 0.5
"""and that it then has for its handshake."""


log = logging.getLogger(__name__)


class Call:
    """`await answer(offer)` for the client's first offer, which starts the call, and for each later one. It ends by itself or by `end(reason)`.

    seal: makes a resume token of what the nodes remember. resumption: of the earlier call that this one goes on from, if it is to.
    told: `over` is told once, when nodes, connections and tasks of a call that had started are given back.
    inside: the client may look into the nodes.
    """

    def __init__(
        self,
        id: str,
        spec: GraphSpec,
        host: Host,
        reach: Reach,
        *,
        seal: Callable[[Memory], str],
        told: Told,
        resumption: Resumption | None = None,
        inside: bool = False,
    ) -> None:
        self.id = id
        self._spec = spec
        self._host = host
        self._reach = reach
        self._seal = seal
        self._told = told
        self._resumption = resumption
        self._remembered: Memory = {}
        """What the last token holds."""
        self._line = RoamingLine(lambda message: self._feed is not None and self._feed.obey(message))
        self._inside = inside
        self._feed: Feed | None = None
        self._session: Session | None = None
        """Once its nodes have started."""
        self._reason = ""
        """Why it ended; empty while it has not."""
        self._peer: Peer | None = None
        self._peers = secrets.randbits(32)
        """Changes with each connection. Random at first: a call that is started anew after its worker died must not give an old `pc_id` again."""
        self._arrived = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[None]] = set()
        self._roaming: asyncio.TimerHandle | None = None
        self._answering = asyncio.Lock()

    @property
    def pc_id(self) -> str:
        """The current peer connection: the call's id and a number."""
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
        about = {"library": "voicegraph", "version": __version__, "graph": self._spec.name, "graph_version": self._spec.version}
        peer = Peer(
            self._reach,
            lambda reason: self._gone(peer, reason),
            lambda: self._back(peer),
            about,
            version=self._version_of(offer),
            pacer=self._host.shared(Pacer),
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

    def _version_of(self, offer: Offer) -> str:
        """RTVI's, where the client had its handshake on a connection before this one."""
        if not (offer.restart_pc and offer.pc_id):
            return ""  # clients repeat a failed first offer as a restart
        return rtvi.VERSION if self._peer is None else self._peer.version  # None: the one before was at a worker that died

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

    def tell(self, message: Message) -> None:
        """Say something to the client, beside what the graph says."""
        self._line.tell(message)

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
            session = self._make_session()
            self._feed = Feed(session, self._line.tell, lambda: self._line.attached, inside=self._inside)
            await session.start()
        except CallFailed as problem:
            started.set_result(str(problem))
            await self._apologise(str(problem))
            return str(problem)
        self._session = session
        started.set_result("")
        if session.resumed:
            self._settled(session)  # the token that it came with is older than it will be when it is needed
        reason = await session.wait()
        self._session = None
        if not self._reason and self._peer is not None and not self._peer.version:
            await self._apologise(reason)  # it failed by itself, before the client could be told anything
        return reason

    def _make_session(self) -> Session:
        found = self._resumption
        memory = found.memory if found is not None else None
        session = Session(self._spec, self._line, id=self.id, host=self._host, memory=memory, on_settled=lambda: self._settled(session))
        if found is not None:
            self._line.tell(rtvi.server_message("resumed", {"exchanges": session.resumed} | ({"reason": found.reason} if found.reason else {})))
        return session

    def _settled(self, session: Session) -> None:
        """The client, and the server's front, get what the conversation would need to go on elsewhere."""
        memory = session.remembered()
        if memory != self._remembered:
            self._remembered = memory
            token = self._seal(memory)
            self._line.tell(rtvi.server_message("resume", {"token": token}))
            self._told.token(self.id, token)

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
        if self._feed is not None:
            self._feed.close()
        if self._peer is not None:
            await self._peer.close(self._reason)
        if self._aside:
            await asyncio.wait(self._aside)
        log.info("call %s is over: %s", self.id, loggable(self._reason))
        self._told.over(self.id)

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
