"""The web application, and `serve`, which runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from voicegraph import __version__
from voicegraph.graph.host import Host
from voicegraph.server import signalling
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.files import add_page, page_folder
from voicegraph.server.signalling import CALLS, CATALOGUE
from voicegraph.server.web_rules import cross_origin, secure, sentences

MAX_BODY = 64 * 1024
"""Bytes of a request; the longest offers of browsers have a quarter of it."""
REQUEST_LIMIT = 0.3
"""Seconds that requests under way have to finish when the server stops, after the calls have ended."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve. allow_origins: other sites whose pages may call, `*` for all. ice_servers: as in W3C's RTCConfiguration, for both ends."""

    host: str = "127.0.0.1"
    port: int = 8080
    allow_origins: Sequence[str] = ()
    ice_servers: Sequence[Mapping[str, Any]] = ()
    max_calls: int = 40
    page: Path | None = None


def make_app(catalogue: Catalogue, host: Host, options: Options) -> web.Application:
    """The application: signalling, lists and the page. Its calls end in its shutdown."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[cross_origin(options.allow_origins), sentences])
    app[CALLS] = Calls(host, options.ice_servers, options.max_calls)
    app[CATALOGUE] = catalogue
    app.add_routes(signalling.routes)
    app.router.add_get("/healthz", _health)
    app.router.add_get("/graphs", _graphs)
    app.on_response_prepare.append(secure)
    app.on_shutdown.append(_end_calls)
    if (page := options.page or page_folder()) is not None:
        add_page(app, page)
    return app


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "version": __version__, "calls": len(request.app[CALLS]), "tasks": len(asyncio.all_tasks())})


async def _graphs(request: web.Request) -> web.Response:
    return web.json_response({"graphs": await request.app[CATALOGUE].listing()})


async def _end_calls(app: web.Application) -> None:
    await app[CALLS].close("The server is shutting down.")


async def serve(catalogue: Catalogue, options: Options, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then end all calls and return. `ready` is told the address when it listens. Raises OSError when it cannot."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Host() as host:
        runner = web.AppRunner(make_app(catalogue, host, options), access_log=None, shutdown_timeout=REQUEST_LIMIT)
        await runner.setup()
        warming = None
        try:
            site = web.TCPSite(runner, options.host, options.port)
            await site.start()
            ready(_address(runner, options))
            warming = loop.create_task(_warm(catalogue, host))
            await stop.wait()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)  # a second one ends the process, whatever a node of somebody's own still does
            if warming is not None:
                warming.cancel()
            await runner.cleanup()


async def _warm(catalogue: Catalogue, host: Host) -> None:
    await catalogue.warm(host)
    gc.freeze()  # what is imported by now stays: looking through it for garbage would stop every call for some 80 ms


def _address(runner: web.AppRunner, options: Options) -> str:
    port = runner.addresses[0][1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{port}"
