"""WebSockets that may outlive the call they were opened for, for a few seconds: nobody waits for a peer that does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar


class Closable(Protocol):
    """A realtime connection of the SDK."""

    @property
    def request_id(self) -> str: ...

    async def close(self) -> None: ...


log = logging.getLogger(__name__)

C = TypeVar("C", bound=Closable)

CONNECT_LIMIT = 4.0
"""Seconds until a connection that is being opened is given up."""
CLOSE_LIMIT = 1.0
"""Seconds that closing handshakes still have when the process ends."""


class Sockets:
    """Opens and closes realtime connections within bounds.

    The SDK's `connect` and `close` wait up to 10 s for a silent peer, and leave the socket open when they are cancelled. So they are never cancelled:
    they finish here, in the background, while the call goes on or ends.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def connect(self, opening: Coroutine[Any, Any, C]) -> C:
        """Wait for the connection, at most `CONNECT_LIMIT`. Raises TimeoutError, or what the SDK raises; a late connection is closed."""
        task = self._keep(opening)
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                connection: C = await asyncio.shield(task)
        except (TimeoutError, asyncio.CancelledError):
            task.add_done_callback(self._close_late)
            raise
        log.info("realtime session opened, request %s", connection.request_id)
        return connection

    def retire(self, connection: Closable) -> None:
        """Close it; returns at once."""
        self._keep(connection.close())

    async def close(self) -> None:
        """Give up what is still under way after a moment."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=CLOSE_LIMIT)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # asked for, so that asyncio does not report as lost what nobody waits for

    def _close_late(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is None:
            self.retire(task.result())
