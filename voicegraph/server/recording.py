"""`GET /sessions/{id}/recording`: a caller's own call, as a WAV file, where the graph records it and says that the caller may have it."""

from __future__ import annotations

from aiohttp import hdrs, web

from voicegraph.errors import BadRequest
from voicegraph.server.signalling import CALLS

NONE = "There is no recording of this call to be had: its graph makes none, keeps it to itself, or the time for it is over."
NOT_YET = "The recording of this call has only just begun: please try again in a moment."

routes = web.RouteTableDef()


@routes.get("/sessions/{id}/recording")
async def recording(request: web.Request) -> web.FileResponse:
    """What is on disk so far. The session's id, which nobody but its caller was told, is the key; it is looked up and never part of a path."""
    path = await request.app[CALLS].recording(request.match_info["id"])
    if path is None:
        raise BadRequest(NONE, 404)
    if not path.is_file():
        raise BadRequest(NOT_YET, 404)
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: "audio/wav",
            hdrs.CONTENT_DISPOSITION: 'attachment; filename="call.wav"',
            hdrs.CACHE_CONTROL: "no-store",
        },
    )
