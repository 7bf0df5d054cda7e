"""`POST` and `DELETE /sessions/{id}/voice`: the voice that a call's replies are to have, where its graph has a voice_sample.

The recording is decoded and checked here, in the process that has the HTTP server: what is wrong with it is told at once, and of a stranger's file
nothing but samples reaches the process that runs the call.
"""

from __future__ import annotations

import asyncio

import numpy as np
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from voicegraph.core.reference import RATE, prepare
from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, UnfitReference
from voicegraph.server.signalling import CALLS

DECODING = web.AppKey("decoding", asyncio.Lock)
"""One file at a time: calls in this process need the processor more."""
MOST = 10 << 20
"""Bytes of a recording: nearly a minute of stereo at 48 kHz and 16 bit."""
LIMIT = 60.0
"""Seconds that its upload may take."""

routes = web.RouteTableDef()


@routes.post("/sessions/{id}/voice")
async def give(request: web.Request) -> web.Response:
    """The file is the body, of any usual format. The session's id, which nobody but its caller was told, is the key."""
    id, calls = request.match_info["id"], request.app[CALLS]
    await calls.check(id)
    data = await _file(request)
    async with request.app[DECODING]:
        try:
            pcm = await asyncio.to_thread(_prepared, data)
        except UnfitReference as problem:
            raise BadRequest(str(problem), 422) from problem
    await calls.voice(id, pcm)
    return web.json_response({"seconds": round(len(pcm) / RATE, 1)})


@routes.delete("/sessions/{id}/voice")
async def forget(request: web.Request) -> web.Response:
    """The replies go back to their own voice."""
    await request.app[CALLS].voice(request.match_info["id"], np.zeros(0, np.int16))
    return web.json_response({"status": "success"})


async def _file(request: web.Request) -> bytes:
    if request.content_type.startswith("multipart/"):
        raise BadRequest("Send the recording itself as the body, not a form: curl --data-binary @voice.m4a", 415)
    data = bytearray()
    try:
        async with asyncio.timeout(LIMIT):
            async for piece in request.content.iter_any():
                data += piece
                if len(data) > MOST:
                    raise BadRequest(f"The recording is too large: at most {MOST >> 20} MiB. Cut it to 25 s, or save it as M4A or MP3.", 413)
    except TimeoutError as problem:
        raise BadRequest(f"The recording did not come within {LIMIT:g} s.", 408) from problem
    except (HttpProcessingError, web.RequestPayloadError) as problem:
        raise BadRequest("The recording was cut off on its way. Please send it again.") from problem
    return bytes(data)


def _prepared(data: bytes) -> Pcm:
    from voicegraph.audio.decode import decode  # FFmpeg: a front that runs no calls loads it when the first recording comes

    return prepare(decode(data, RATE))
