"""What a session is going to say, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from voicegraph.testing.mistral.protocol import Due


class Outbox:
    """A queue that gives everything out in order, when it is due."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[float, Iterable[Due]]] = asyncio.Queue()
        self._current: Iterator[Due] | None = None
        self._clock = 0.0

    @property
    def empty(self) -> bool:
        """Whether nothing is waiting to be said."""
        return self._queue.empty() and self._current is None

    def put(self, events: Iterable[Due]) -> None:
        """`events` may be a generator: it is only asked for what is due next."""
        self._queue.put_nowait((asyncio.get_running_loop().time(), events))

    async def next(self) -> Due:
        """The next event, once it is due."""
        loop = asyncio.get_running_loop()
        while True:
            if self._current is None:
                asked, events = await self._queue.get()
                self._clock, self._current = max(self._clock, asked), iter(events)
            due = next(self._current, None)
            if due is None:
                self._current = None
                continue
            self._clock += due.after
            if self._clock > loop.time():
                await asyncio.sleep(self._clock - loop.time())
            return due
