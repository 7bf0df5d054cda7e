"""The contract of docs/assistants/backend.md: an agent that is any HTTP service. It is told who calls and what was said, and answers with text."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import voicegraph
from voicegraph.backend.requests import WHO, Refused, opened
from voicegraph.backend.settings import ServerSettings
from voicegraph.errors import BrokeOff, ReplyFailed
from voicegraph.mistral.answers import parsed
from voicegraph.mistral.errors import words_in
from voicegraph.mistral.requests import Opened
from voicegraph.mistral.streams import lines

if TYPE_CHECKING:
    import httpx2

UNKNOWN = (404, 410)
"""HTTP statuses by which a server says that it does not know an id any more."""


_Key = tuple[str, str]
"""A server, and the headers that it is sent."""


class Registrations:
    """The ids that servers have given to this process: `call.shared(Registrations)`. One per server and key; all calls use it."""

    def __init__(self) -> None:
        self._ids: dict[_Key, str] = {}
        self._asking: defaultdict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, http: httpx2.AsyncClient, server: ServerSettings, stale: str = "") -> str:
        """The id for this server, which is asked when there is none or it is the stale one. Raises ReplyFailed, and what httpx2 raises."""
        key = (server.base_url, json.dumps(server.sent(), sort_keys=True))
        if (known := self._ids.get(key, stale)) != stale:
            return known
        async with self._asking[key]:
            if self._ids.get(key, stale) == stale:  # else another call got it meanwhile
                about = {"about": {"library": "voicegraph", "version": voicegraph.__version__}}
                async with await opened(http, f"{server.base_url}/v1/register", server.sent(), about) as answer:
                    self._ids[key] = _id_in(await answer.response.aread())
            return self._ids[key]

    async def close(self) -> None:
        self._ids.clear()


async def asked(http: httpx2.AsyncClient, server: ServerSettings, id: str | None, known: Registrations, body: Mapping[str, Any]) -> Opened:
    """The answer to one turn. id: given by the graph; None: out of a registration, which is renewed when the server does not know it any more."""

    async def ask(id: str) -> Opened:
        return await opened(http, f"{server.base_url}/v1/chat", server.sent(), {"id": id, **body})

    if id is not None:
        return await ask(id)
    registered = await known.get(http, server)
    try:
        return await ask(registered)
    except Refused as problem:
        if problem.status not in UNKNOWN:
            raise
        return await ask(await known.get(http, server, stale=registered))


async def texts(response: httpx2.Response) -> AsyncGenerator[str, None]:
    """The text of an answer: one JSON object, JSON lines, or server-sent events whose data is JSON; each object has a `text`.

    Raises ReplyFailed for an object with an `error`, and for what is none of these; BrokeOff when there is nothing at all."""
    if response.headers.get("content-type", "").startswith("application/json"):
        yield _text_in(await response.aread())
        return
    empty = True
    async with aclosing(lines(response.aiter_bytes())) as each:
        async for line in each:
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            if data and not data.startswith((b":", b"event:", b"id:", b"retry:")):
                empty = False
                yield _text_in(data)
    if empty:
        raise BrokeOff(f"{WHO}'s answer broke off before it began.")


def _text_in(data: bytes) -> str:
    match _parsed(data):
        case {"error": error} if error:
            raise ReplyFailed(f"{WHO} reported an error.", words_in(data))
        case {"text": str(text)}:
            return text
        case {**others} if others.get("text") is None:
            return ""
        case _:
            raise ReplyFailed(f"{WHO} answered with something that has no text.")


def _id_in(body: bytes) -> str:
    match _parsed(body):
        case {"id": str() | int() as id}:
            return str(id)
    raise ReplyFailed(f"{WHO} answered a registration without an id.")


def _parsed(data: bytes) -> Any:
    try:
        return parsed(data)
    except ValueError:
        return None
