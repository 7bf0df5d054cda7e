"""The line between the server's front and a worker process: requests one way, their answers and notes the other, as JSON lines over a socket pair.

A socket pair has no name that another process could open, and it ends when either side does, in whatever way: so each notices the other's death.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from voicegraph.errors import BadRequest, WorkerLost

LONGEST_LINE = 1 << 21
"""Bytes; the longest is a voice to clone, 25 s at 24 kHz, with 1.6 MB in base64. Every other request of a client has 64 KiB at most."""

Fields = dict[str, Any]
Answer = Callable[[str, Fields], Awaitable[Any]]

log = logging.getLogger(__name__)


class Line:
    """One end: JSON objects, one per line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> Line:
        return cls(*await asyncio.open_connection(sock=end, limit=LONGEST_LINE))

    def send(self, **fields: Any) -> None:
        """Without effect when the other side is gone."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(fields).encode() + b"\n")

    async def received(self) -> AsyncIterator[Fields]:
        """Until the other side is gone."""
        try:
            while line := await self._reader.readline():
                yield json.loads(line)
        except ConnectionError:
            pass  # it went with something unread

    def close(self) -> None:
        self._writer.close()


class Asking:
    """The front's end. `await ask(what, **fields)`; `note(what, fields)` is called for what the worker tells by itself, in order.

    on_gone: called once when the worker is gone, before those who wait for an answer get WorkerLost.
    """

    def __init__(self, line: Line, note: Callable[[str, Fields], None], on_gone: Callable[[], None]) -> None:
        self._line = line
        self._note = note
        self._on_gone = on_gone
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = 0
        self._gone = False
        self._reading = asyncio.create_task(self._read(), name="reading from a worker")

    async def ask(self, what: str, **fields: Any) -> Any:
        """The worker's answer. Raises BadRequest as the worker did, or WorkerLost."""
        if self._gone:
            raise WorkerLost
        self._numbers += 1
        answer = self._waiting[self._numbers] = asyncio.get_running_loop().create_future()
        self._line.send(ask=self._numbers, what=what, fields=fields)
        return await answer

    async def gone(self) -> None:
        """Wait until the worker is."""
        await asyncio.wait([self._reading])

    def close(self) -> None:
        """The worker ends when it notices."""
        self._line.close()

    async def _read(self) -> None:
        try:
            async for message in self._line.received():
                self._take(message)
        finally:
            self._gone = True
            self._on_gone()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(WorkerLost())
            self._line.close()

    def _take(self, message: Fields) -> None:
        match message:
            case {"note": str(what), "fields": dict(fields)}:
                self._note(what, fields)
            case {"answer": int(number), "found": found}:
                self._settle(number, found, None)
            case {"answer": int(number), "refused": dict(refused)}:
                self._settle(number, None, BadRequest(**refused))

    def _settle(self, number: int, found: Any, problem: BadRequest | None) -> None:
        waiting = self._waiting.pop(number)
        if waiting.done():
            return  # whoever asked has been cancelled
        if problem is None:
            waiting.set_result(found)
        else:
            waiting.set_exception(problem)


class Answering:
    """The worker's end. `await run(answer)` calls `answer(what, fields)` for each request, in a task of its own, until the front is gone."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, what: str, **fields: Any) -> None:
        self._line.send(note=what, fields=fields)

    async def run(self, answer: Answer) -> None:
        async for message in self._line.received():
            task = asyncio.create_task(self._handle(answer, message["ask"], message["what"], message["fields"]), name=message["what"])
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, answer: Answer, number: int, what: str, fields: Fields) -> None:
        try:
            self._line.send(answer=number, found=await answer(what, fields))
        except BadRequest as problem:
            self._refuse(number, problem)
        except Exception:  # the edge of the process: a bug in one request is logged, and the front must not wait for its answer for ever
            log.exception("'%s' failed", what)
            self._refuse(number, BadRequest("Something went wrong inside the server. Its log says more.", 500))

    def _refuse(self, number: int, problem: BadRequest) -> None:
        refused = {"sentence": str(problem), "status": problem.status, "retry_after": problem.retry_after}
        self._line.send(answer=number, refused=refused)
