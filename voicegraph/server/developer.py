"""Developer mode: the routes of the page's editor (docs/protocol.md). Refused, with a sentence, unless the server was started with --dev."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from voicegraph.errors import BadRequest
from voicegraph.graph.schema import graph_schema
from voicegraph.server.bodies import Text, read
from voicegraph.server.loopback import FOREIGN_PAGE, is_own_page
from voicegraph.server.workshop import WORKSHOP, Source, Workshop

OFF = "Looking into graphs and changing them is off. Start the server on this machine with: voicegraph serve --dev"
WHICH_VERSION = "Say which version was edited: If-Match with its ETag, or If-None-Match: * for a new graph."

SAVING = web.AppKey("saving", asyncio.Lock)
"""Between the comparison with the file and its replacement nobody else may save."""

routes = web.RouteTableDef()


def workshop(request: web.Request) -> Workshop:
    """The developer's. Raises BadRequest without developer mode, and for the pages of other sites whatever else they may."""
    found = request.app[WORKSHOP]
    if found is None:
        raise BadRequest(OFF, 403)
    if not is_own_page(request):
        raise BadRequest(FOREIGN_PAGE, 403)
    return found


@routes.get("/schema")
async def schema(request: web.Request) -> web.Response:
    """The JSON Schema of graph files, as `voicegraph schema` prints it."""
    workshop(request)
    return web.json_response(await asyncio.to_thread(graph_schema))


@routes.post("/check")
async def check(request: web.Request) -> web.Response:
    """Everything wrong in a text, with line, column, end and sentence; its graph when nothing is."""
    shop = workshop(request)
    body = await read(request, Text)
    return web.json_response(await asyncio.to_thread(shop.check, body.name or "", body.yaml))


@routes.get("/graphs/{name}/source")
async def source(request: web.Request) -> web.Response:
    """The text of a graph's file, and its ETag."""
    return _source(await asyncio.to_thread(workshop(request).source, request.match_info["name"]))


@routes.put("/graphs/{name}/source")
async def save(request: web.Request) -> web.Response:
    """Check the text and write the file. `If-Match` has the ETag of the version that was edited, so that nobody else's edit is lost."""
    shop = workshop(request)
    etag = request.headers.get(hdrs.IF_MATCH)
    if etag is None and request.headers.get(hdrs.IF_NONE_MATCH) != "*":
        raise BadRequest(WHICH_VERSION, 428)
    body = await read(request, Text)
    async with request.app[SAVING]:
        return _source(await asyncio.to_thread(shop.save, request.match_info["name"], body.yaml, etag))


def _source(source: Source) -> web.Response:
    return web.json_response(source.json(), headers={hdrs.ETAG: source.etag})
