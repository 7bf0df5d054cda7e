from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web

from voicegraph.testing.mistral import Delays, MistralServer, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)


async def test_the_users_own_service_answers(call: Call, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        return web.json_response({"id": "1"} if request.path == "/v1/register" else {"text": f"You asked {asked['text']}."})

    monkeypatch.setenv("BACKEND_URL", await serve(answer))
    async with MistralServer(Script(utterances=["where is the station"]), QUICK) as server, call("backend", server) as caller:
        await caller.say()
        assert caller.heard == ["You asked where is the station."]
        assert not [request for request in server.log.of(Request) if request.endpoint == "chat"]
