"""The worker of this process, and the staff of a server that has no other."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from voicegraph.audio.recordings import Recordings
from voicegraph.audio.references import References
from voicegraph.core import rtvi
from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest
from voicegraph.graph.host import Host
from voicegraph.graph.spec import GraphSpec
from voicegraph.rtc.reach import Reach
from voicegraph.server.bodies import OVER, Answer, Candidates, Choice, Offer
from voicegraph.server.call import Call
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.client_settings import with_settings
from voicegraph.server.pulse import Pulse
from voicegraph.server.resume import Tokens
from voicegraph.server.worker import Told
from voicegraph.server.workshop import Workshop

WARM_LIMIT = 0.8
"""Seconds that "ready" waits for what the first call would wait for: imports and clients. A slower engine goes on warming meanwhile."""
CLOSE_LIMIT = 2.5
"""Seconds in which all calls end when the server stops."""

log = logging.getLogger(__name__)


class LocalWorker:
    """A `Worker`: the running calls, by their ids."""

    name = "worker"

    def __init__(self, catalogue: Catalogue, host: Host, reach: Reach, tokens: Tokens, told: Told, workshop: Workshop | None = None) -> None:
        self.pid = os.getpid()
        self._catalogue = catalogue
        self._host = host
        self._reach = reach
        self._tokens = tokens
        self._told = told
        self._workshop = workshop
        self._pulse = Pulse()
        self._calls: dict[str, Call] = {}

    @property
    def loop(self) -> Mapping[str, float]:
        return self._pulse.report()

    async def first(self, id: str, offer: Offer, choice: Choice) -> Answer:
        spec = await self._spec(choice)
        resumption = None if choice.resume is None else self._tokens.open(choice.resume, spec.name, time.time())
        call = self._calls[id] = Call(
            id,
            spec,
            self._host,
            self._reach,
            resumption=resumption,
            seal=lambda memory: self._tokens.seal(spec.name, memory, time.time()),
            told=Told(self._over, self._told.token),
            inside=self._workshop is not None,
        )
        self._pulse.start()
        try:
            return await call.answer(offer)
        finally:
            if not call.running:
                call.end(OVER)  # for an offer that is waiting behind this one
                self._over(id)

    async def again(self, id: str, offer: Offer) -> Answer:
        return await self._find(id).answer(offer)

    async def candidates(self, id: str, body: Candidates) -> None:
        await self._find(id).candidates(body.pc_id, body.candidates)

    async def end(self, id: str, reason: str) -> None:
        self._find(id).end(reason)

    async def voice(self, id: str, pcm: Pcm) -> None:
        self._find(id)
        if not self._host.shared(References).give(id, pcm):
            raise BadRequest("This call takes no voice: its graph has no voice_sample, or has not started yet.", 409)

    async def recording(self, id: str) -> Path | None:
        return self._host.shared(Recordings).of(id)

    async def close(self, reason: str) -> None:
        calls = list(self._calls.values())
        for call in calls:
            call.tell(rtvi.server_message("server-stopping", {}))  # clients may call again: another server may have taken this one's place
            call.end(reason)
        endings = [asyncio.create_task(call.over()) for call in calls]
        if endings:
            _, late = await asyncio.wait(endings, timeout=CLOSE_LIMIT)
            for task in late:
                task.cancel()
            if late:
                log.warning("%d calls did not end within %g s", len(late), CLOSE_LIMIT)

    async def _spec(self, choice: Choice) -> GraphSpec:
        if choice.draft is None or self._workshop is None:
            spec = await self._catalogue.spec(choice.graph)
        else:
            spec = await asyncio.to_thread(self._workshop.draft, choice.graph, choice.draft)
        return with_settings(spec, choice.settings or {})

    def _over(self, id: str) -> None:
        self._calls.pop(id, None)
        if not self._calls:
            self._pulse.stop()
        self._told.over(id)

    def _find(self, id: str) -> Call:
        call = self._calls.get(id)
        if call is None:
            raise BadRequest(OVER, 404)
        return call


class LocalStaff:
    """One worker, in the process of the server itself."""

    def __init__(self, calls: Calls, catalogue: Catalogue, reach: Reach, tokens: Tokens, workshop: Workshop | None = None) -> None:
        self._host = Host()
        self._catalogue = catalogue
        self._warming: asyncio.Task[None] | None = None
        calls.join(LocalWorker(catalogue, self._host, reach, tokens, calls.told, workshop))

    async def ready(self) -> None:
        self._warming = await warming(self._catalogue, self._host)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._warming is not None:
            self._warming.cancel()
        await self._host.close()


async def warming(catalogue: Catalogue, host: Host) -> asyncio.Task[None]:
    """Wait for what the first call would wait for, within a limit; the task, which goes on when that takes longer."""
    task = asyncio.create_task(warm(catalogue, host), name="warming")
    await asyncio.wait([task], timeout=WARM_LIMIT)
    return task


async def warm(catalogue: Catalogue, host: Host) -> None:
    """Do what the first call would wait for."""
    await catalogue.warm(host)
    gc.freeze()  # what is imported by now stays: looking through it for garbage would stop every call for some 80 ms
