"""The staff of a server with several workers: started together, watched, replaced when they die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Self

from voicegraph.core.backoff import Backoff
from voicegraph.errors import WorkerLost
from voicegraph.server.calls import Calls
from voicegraph.server.remote import RemoteWorker
from voicegraph.server.setup import Setup

log = logging.getLogger(__name__)


class Fleet:
    """A `Staff`. Each setup is that of one seat, which has one worker after the other."""

    def __init__(self, calls: Calls, setups: Sequence[Setup]) -> None:
        self._calls = calls
        self._setups = setups
        self._filled: list[asyncio.Future[None]] = []
        self._seats: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for setup in self._setups:
            filled: asyncio.Future[None] = loop.create_future()
            self._filled.append(filled)
            self._seats.append(loop.create_task(self._keep(setup, filled), name=f"seat of {setup.name}"))
        return self

    async def ready(self) -> None:
        """Raises WorkerLost with a sentence when one does not start: it would not do so the next time either."""
        await asyncio.gather(*self._filled)

    async def __aexit__(self, *_: object) -> None:
        for seat in self._seats:
            seat.cancel()
        await asyncio.gather(*self._seats, return_exceptions=True)

    async def _keep(self, setup: Setup, filled: asyncio.Future[None]) -> None:
        """See to it that this seat is never empty for long."""
        clock, backoff = asyncio.get_running_loop().time, Backoff()
        while True:
            born = clock()
            try:
                await self._serve_out(setup, filled)
            except (WorkerLost, OSError) as problem:
                if not filled.done():
                    filled.set_exception(WorkerLost(f"{setup.name} could not be started: {problem}"))
                    return
                log.error("%s could not be replaced: %s", setup.name, problem)
            delay = backoff.delay(clock() - born)
            if delay:
                log.warning("%s dies too often: the next one is started in %g s", setup.name, delay)
            await asyncio.sleep(delay)

    async def _serve_out(self, setup: Setup, filled: asyncio.Future[None]) -> None:
        """The life of one worker."""
        lost = 0

        def gone(worker: RemoteWorker) -> None:
            nonlocal lost
            lost = self._calls.leave(worker)

        worker = await RemoteWorker.open(setup, self._calls.told, gone)
        try:
            self._calls.join(worker)
            if not filled.done():
                filled.set_result(None)
            await worker.gone()
        finally:
            how = await worker.stop()  # also when the server stops
        log.error("%s (process %d) has died, %s; calls lost with it: %d; it is replaced", worker.name, worker.pid, how, lost)
