"""What happened at the server, in order, for a test to look at or wait for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from voicegraph.testing.mistral.behaviour import Endpoint, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One fact. `t` is the event loop's time in seconds; `stream` numbers the server's requests from 0, and names one to the end."""

    t: float
    endpoint: Endpoint
    stream: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Record):
    """A request arrived, or a WebSocket's handshake (whose `body` is None). `query` is the URL's."""

    body: Any
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Record):
    """It was answered with an HTTP error."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Record):
    """Its stream, or its WebSocket, was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Record):
    """A WebSocket message came in. Audio is taken out of `message` and counted in `samples`; `audio` has it if the server keeps audio."""

    message: Event
    samples: int = 0
    audio: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Record):
    """An event went out. The sound of a delta is replaced by the number of its bytes."""

    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Record):
    """Its stream is over.

    `by` says who ended it. `finished` says that nothing was owed any more: an HTTP answer was sent to its end, a WebSocket had no event waiting to be
    sent. So a reply that the client has cancelled is `by == "client" and not finished`. `code` is the WebSocket's close code, where one was seen.
    """

    by: Literal["client", "server"]
    finished: bool
    code: int | None = None


R = TypeVar("R", bound=Record)


class Log:
    """The records, oldest first. With a `size`, only that many of the newest are kept (for benchmarks)."""

    def __init__(self, size: int | None = None) -> None:
        self._records: deque[Record] = deque(maxlen=size)
        self._watchers: list[Callable[[Record], None]] = []

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Record) -> None:
        self._records.append(record)
        for watch in tuple(self._watchers):
            watch(record)

    def of(self, kind: type[R], where: Callable[[R], bool] = lambda _: True) -> list[R]:
        """All records of one kind for which `where` holds."""
        return [record for record in self._records if isinstance(record, kind) and where(record)]

    async def wait_for(self, kind: type[R], where: Callable[[R], bool] = lambda _: True, *, count: int = 1, timeout: float = 5.0) -> R:
        """The `count`-th record of this kind for which `where` holds, now or as soon as it exists.

        Raises TimeoutError, with what has happened so far, after `timeout` seconds.
        """
        found = self.of(kind, where)
        if len(found) >= count:
            return found[count - 1]
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()

        def watch(record: Record) -> None:
            if isinstance(record, kind) and where(record):
                found.append(record)
                if len(found) == count and not future.done():
                    future.set_result(record)

        self._watchers.append(watch)
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            seen = ", ".join(f"{record.endpoint} {type(record).__name__}" for record in tuple(self._records)[-20:])
            raise TimeoutError(
                f"no {kind.__name__} number {count} of that sort came within {timeout:g} s; the last records are: {seen or 'none'}"
            ) from None
        finally:
            self._watchers.remove(watch)
