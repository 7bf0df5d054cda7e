"""The SmallWebRTC signalling routes (docs/protocol.md): /start, and offers and candidates with a session in the path or without."""

from __future__ import annotations

import asyncio

from aiohttp import web

from voicegraph.errors import BadRequest
from voicegraph.server.bodies import Answer, Candidates, Choice, Offer, Start, read
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.client_settings import with_settings
from voicegraph.server.developer import workshop

CALLS = web.AppKey("calls", Calls)
CATALOGUE = web.AppKey("catalogue", Catalogue)
HUNG_UP = "The caller hung up."

routes = web.RouteTableDef()


@routes.post("/start")
async def start(request: web.Request) -> web.Response:
    """A session for a call of the graph that `body.graph` names. It waits for its offer for half a minute.

    An application that chooses nothing sends nothing: the SDK's `startBot` has no body of its own.
    """
    choice = (await read(request, Start, optional=True)).choice
    calls = request.app[CALLS]
    await _check(request, choice)
    return web.json_response({"sessionId": calls.book(choice), "iceConfig": {"iceServers": list(calls.ice_servers)}})


@routes.post("/sessions/{id}/api/offer")
async def offer_in_session(request: web.Request) -> web.Response:
    """The first offer of a session, or a later one of the same call."""
    body = await read(request, Offer)
    _allow(request, body.choice)
    return _answer(await request.app[CALLS].offer(request.match_info["id"], body))


@routes.post("/api/offer")
async def offer(request: web.Request) -> web.Response:
    """An offer without /start: a new call, or with a `pc_id` a later offer of that one."""
    body = await read(request, Offer)
    calls = request.app[CALLS]
    _allow(request, body.choice)
    return _answer(await (calls.first(body) if body.pc_id is None else calls.offer(call_id(body.pc_id), body)))


@routes.patch("/sessions/{id}/api/offer")
async def candidates_in_session(request: web.Request) -> web.Response:
    """Trickled ICE candidates."""
    await request.app[CALLS].candidates(request.match_info["id"], await read(request, Candidates))
    return web.json_response({"status": "success"})


@routes.patch("/api/offer")
async def candidates(request: web.Request) -> web.Response:
    """Trickled ICE candidates; the call is known by its `pc_id`."""
    body = await read(request, Candidates)
    await request.app[CALLS].candidates(call_id(body.pc_id), body)
    return web.json_response({"status": "success"})


@routes.delete("/sessions/{id}/api/offer")
async def hang_up_session(request: web.Request) -> web.Response:
    """End the call."""
    await request.app[CALLS].end(request.match_info["id"], HUNG_UP)
    return web.json_response({"status": "success"})


@routes.delete("/api/offer")
async def hang_up(request: web.Request) -> web.Response:
    """End the call that `?pc_id=` names."""
    pc_id = request.query.get("pc_id")
    if pc_id is None:
        raise BadRequest("Which call? Name it: DELETE /api/offer?pc_id=…")
    await request.app[CALLS].end(call_id(pc_id), HUNG_UP)
    return web.json_response({"status": "success"})


async def _check(request: web.Request, choice: Choice) -> None:
    """Refuse now what cannot run, and not when the microphone is open. Raises BadRequest."""
    if choice.draft is None:
        spec = await request.app[CATALOGUE].spec(choice.graph)
    else:
        spec = await asyncio.to_thread(workshop(request).draft, choice.graph, choice.draft)
    with_settings(spec, choice.settings or {})


def _allow(request: web.Request, choice: Choice) -> None:
    """A text that no file has is only called in developer mode, and only by the server's own page. Raises BadRequest."""
    if choice.draft is not None:
        workshop(request)


def call_id(pc_id: str) -> str:
    """The call that a peer connection belongs to."""
    return pc_id.rpartition(".")[0]


def _answer(answer: Answer) -> web.Response:
    return web.json_response({"sdp": answer.sdp, "type": "answer", "pc_id": answer.pc_id})
