"""What a page may know of the graphs: which there are, and how each is made."""

from __future__ import annotations

from aiohttp import web

from voicegraph.graph.description import describe
from voicegraph.server.signalling import CATALOGUE
from voicegraph.server.workshop import WORKSHOP

routes = web.RouteTableDef()


@routes.get("/graphs")
async def graphs(request: web.Request) -> web.Response:
    """All of them, with whether they can run now."""
    return web.json_response({"graphs": await request.app[CATALOGUE].listing(), "dev": request.app[WORKSHOP] is not None})


@routes.get("/graphs/{name}")
async def graph(request: web.Request) -> web.Response:
    """Nodes, ports and links of one, for a drawing. In developer mode with the nodes' settings."""
    spec = await request.app[CATALOGUE].checked(request.match_info["name"])
    return web.json_response(describe(spec, settings=request.app[WORKSHOP] is not None))
