"""One WebSocket, whichever protocol it speaks: listening never waits for what is being said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from aiohttp import WSMsgType, web

from voicegraph.testing.mistral.outbox import Outbox
from voicegraph.testing.mistral.protocol import Complaint, Due, Session, error_event
from voicegraph.testing.mistral.stream import Broken, SocketStream
from voicegraph.testing.mistral.visit import Visit

_CLOSE_TIMEOUT = 2.0  # seconds that a client has to answer our close frame


async def converse(visit: Visit, session: Session) -> web.WebSocketResponse:
    """Speak a session's protocol until one side closes the socket."""
    socket = web.WebSocketResponse(timeout=_CLOSE_TIMEOUT, autoclose=not visit.faults.ignore_close, compress=False)
    await socket.prepare(visit.request)
    visit.opened()
    outbox = Outbox()
    outbox.put([Due(session.greet())])
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(_talk(SocketStream(visit, socket), outbox))
        try:
            await _listen(socket, session, outbox)
        finally:
            visit.finished = visit.finished or outbox.empty
            visit.code = socket.close_code
        if visit.faults.ignore_close:
            await asyncio.Event().wait()  # until the client drops the line
        talking.cancel()
    return socket


async def _listen(socket: web.WebSocketResponse, session: Session, outbox: Outbox) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            outbox.put(_answer(session, message.data))


def _answer(session: Session, text: str) -> Iterable[Due]:
    try:
        message = json.loads(text)
        if not isinstance(message, dict):
            return [Due(error_event("A message must be a JSON object"))]
        return session.receive(message)
    except json.JSONDecodeError as error:
        return [Due(error_event(f"Invalid JSON: {error}"))]
    except Complaint as complaint:
        return [Due(error_event(str(complaint)))]


async def _talk(stream: SocketStream, outbox: Outbox) -> None:
    try:
        await stream.open()
        while (due := await outbox.next()).goodbye is None:
            if due.event:
                await stream.send(due.event)
        stream.visit.finished = due.goodbye[0] == 1000
        await stream.close(*due.goodbye)
    except (Broken, ConnectionError):
        pass  # listening ends too, with the socket
