"""An answer on its way to the client, in its three forms. It counts the events, and has the faults strike where they should."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.protocol import error_event
from voicegraph.testing.mistral.visit import Visit

_LONGEST_REASON = 123  # bytes in a close frame (RFC 6455, 5.5)
_ERROR = {"object": "error", "message": "Internal server error", "type": "internal_server_error", "param": None, "code": "1000"}


class Broken(Exception):
    """A fault has ended the stream; `response` is what was sent of it."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__()
        self.response = response


class Stream(ABC):
    """Events to one client."""

    response: web.StreamResponse

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._sent = 0

    async def open(self) -> None:
        """To be called once, before the first event. Raises Broken, as does `send`, when a fault ends the stream."""
        await asyncio.sleep(self.visit.faults.late)
        await self._strike()

    async def send(self, event: Event) -> None:
        """Send an event and put it into the log."""
        if event.get("type") in self.visit.faults.lost:
            return
        await self._write_event(event)
        self.visit.sent(event)
        self._sent += 1
        await self._strike()

    async def _strike(self) -> None:
        faults, sent = self.visit.faults, self._sent
        if sent == faults.noise_after:
            for noise in faults.noise:
                await self._write(noise)
        if sent == faults.error_after:
            await self._write_error()
        if sent == faults.stall_after:
            await asyncio.Event().wait()  # until the client goes or the server stops
        if sent == faults.close_after:
            self.visit.by = "server"
            await self._cut()
            raise Broken(self.response)
        if sent == faults.drop_after:
            self.visit.by = "server"
            self.visit.drop()
            raise Broken(self.response)

    async def _write_event(self, event: Event) -> None:
        await self._write(json.dumps(event))

    @abstractmethod
    async def _write(self, text: str) -> None: ...

    @abstractmethod
    async def _write_error(self) -> None: ...

    @abstractmethod
    async def _cut(self) -> None:
        """End it early, but in good form."""


class EventStream(Stream):
    """Server-sent events. The headers leave with the first of them."""

    def __init__(self, visit: Visit, *, named: bool) -> None:
        """`named` events carry their type in an `event:` line too."""
        super().__init__(visit)
        self._named = named
        self.response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})

    async def finish(self, sentinel: str | None = None) -> None:
        """All events are out; `sentinel` is the data that says so."""
        if sentinel is not None:
            await self._write(sentinel)
        self.visit.finish()  # before the body's end, because clients hang up at the sentinel
        await self._cut()

    async def _write_event(self, event: Event) -> None:
        name = f"event: {event['type']}\n" if self._named else ""
        await self._send_block(f"{name}data: {json.dumps(event)}")

    async def _write(self, text: str) -> None:
        await self._send_block(f"data: {text}")

    async def _write_error(self) -> None:
        await self._write(json.dumps(_ERROR))
        self.visit.by = "server"
        await self._cut()
        raise Broken(self.response)

    async def _cut(self) -> None:
        await self._prepare()
        await self.response.write_eof()

    async def _send_block(self, block: str) -> None:
        await self._prepare()
        await self.response.write(f"{block}\n\n".encode())

    async def _prepare(self) -> None:
        if not self.response.prepared:
            await self.response.prepare(self.visit.request)


class WholeAnswer(Stream):
    """One JSON object as the body; it counts as one event."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self._answer = web.Response(content_type="application/json")
        self.response = self._answer

    async def _write(self, text: str) -> None:
        self._answer.text = text

    async def _write_error(self) -> None:
        self._answer.set_status(500)
        await self._write(json.dumps(_ERROR))
        self.visit.by = "server"
        raise Broken(self.response)

    async def _cut(self) -> None:
        """The body is empty, or what there is of it."""


class SocketStream(Stream):
    """JSON text messages of a WebSocket."""

    def __init__(self, visit: Visit, socket: web.WebSocketResponse) -> None:
        super().__init__(visit)
        self._socket = socket
        self.response = socket

    async def close(self, code: int, reason: str) -> None:
        """Close it from this side."""
        self.visit.by = "server"
        await self._socket.close(code=code, message=reason.encode()[:_LONGEST_REASON])

    async def _write(self, text: str) -> None:
        await self._socket.send_str(text)

    async def _write_error(self) -> None:
        await self._write(json.dumps(error_event("Internal server error")))

    async def _cut(self) -> None:
        await self.close(self.visit.faults.close_code, "Closed by a fault")
