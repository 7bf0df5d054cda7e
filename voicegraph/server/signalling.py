"""The SmallWebRTC signalling routes (docs/protocol.md): /start, and offers and candidates with a session in the path or without."""

from __future__ import annotations

from aiohttp import web

from voicegraph.errors import BadRequest
from voicegraph.server.bodies import Candidates, Offer, Start, read
from voicegraph.server.call import Answer
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue

CALLS = web.AppKey("calls", Calls)
CATALOGUE = web.AppKey("catalogue", Catalogue)
HUNG_UP = "The caller hung up."

routes = web.RouteTableDef()


@routes.post("/start")
async def start(request: web.Request) -> web.Response:
    """A session for a call of the graph that `body.graph` names. It waits for its offer for half a minute.

    An application that chooses nothing sends nothing: the SDK's `startBot` has no body of its own.
    """
    body = await read(request, Start, optional=True)
    calls = request.app[CALLS]
    spec = await request.app[CATALOGUE].spec(body.graph)
    return web.json_response({"sessionId": calls.book(spec), "iceConfig": {"iceServers": list(calls.ice_servers)}})


@routes.post("/sessions/{id}/api/offer")
async def offer_in_session(request: web.Request) -> web.Response:
    """The first offer of a session, or a later one of the same call."""
    body = await read(request, Offer)
    calls, id = request.app[CALLS], request.match_info["id"]
    booking = calls.booking(id)
    if booking is None:
        return _answer(await calls.again(id, body))
    spec = await request.app[CATALOGUE].spec(body.graph) if body.graph else booking.spec
    return _answer(await calls.first(body, spec, id))


@routes.post("/api/offer")
async def offer(request: web.Request) -> web.Response:
    """An offer without /start: a new call, or with a `pc_id` a later offer of that one."""
    body = await read(request, Offer)
    calls = request.app[CALLS]
    if body.pc_id is not None:
        return _answer(await calls.again(call_id(body.pc_id), body))
    return _answer(await calls.first(body, await request.app[CATALOGUE].spec(body.graph)))


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
    request.app[CALLS].end(request.match_info["id"], HUNG_UP)
    return web.json_response({"status": "success"})


@routes.delete("/api/offer")
async def hang_up(request: web.Request) -> web.Response:
    """End the call that `?pc_id=` names."""
    pc_id = request.query.get("pc_id")
    if pc_id is None:
        raise BadRequest("Which call? Name it: DELETE /api/offer?pc_id=…")
    request.app[CALLS].end(call_id(pc_id), HUNG_UP)
    return web.json_response({"status": "success"})


def call_id(pc_id: str) -> str:
    """The call that a peer connection belongs to."""
    return pc_id.rpartition(".")[0]


def _answer(answer: Answer) -> web.Response:
    return web.json_response({"sdp": answer.sdp, "type": "answer", "pc_id": answer.pc_id})
