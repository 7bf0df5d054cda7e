"""The web application, and `serve`, which runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Protocol, Self

from aiohttp import web

from voicegraph import __version__
from voicegraph.server import developer, graphs, recording, signalling, voice
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.developer import SAVING
from voicegraph.server.files import add_page, page_folder
from voicegraph.server.loopback import loopback_only
from voicegraph.server.options import Options
from voicegraph.server.signalling import CALLS, CATALOGUE
from voicegraph.server.voice import DECODING
from voicegraph.server.watching import watch
from voicegraph.server.web_rules import cross_origin, secure, sentences, shut_in
from voicegraph.server.workshop import WORKSHOP, open_workshop

MAX_BODY = 64 * 1024
"""Bytes of a request; the longest offers of browsers have a quarter of it, resume tokens half."""
REQUEST_LIMIT = 0.3
"""Seconds that requests under way have to finish when the server stops, after the calls have ended."""
STOPPING = "The server is shutting down."


log = logging.getLogger(__name__)


class Staff(Protocol):
    """The workers of a server, which join its calls: one in this process (local.py) or several (fleet.py). `async with`, whose end ends them."""

    async def ready(self) -> None:
        """Wait until calls can be taken."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


def make_app(catalogue: Catalogue, calls: Calls, options: Options) -> web.Application:
    """The application: signalling, lists and the page. Its calls end in its shutdown."""
    guards = [loopback_only] if options.dev is not None else []
    app = web.Application(client_max_size=MAX_BODY, middlewares=[*guards, cross_origin(options.allow_origins), sentences])
    app[CALLS] = calls
    app[CATALOGUE] = catalogue
    app[WORKSHOP] = open_workshop(catalogue, options.dev)
    app[SAVING] = asyncio.Lock()
    app[DECODING] = asyncio.Lock()
    for routes in (signalling.routes, graphs.routes, recording.routes, voice.routes, developer.routes):
        app.add_routes(routes)
    app.router.add_get("/healthz", _health)
    app.on_response_prepare.append(secure)
    app.on_shutdown.append(_end_calls)
    if options.page is None:
        app.on_response_prepare.append(shut_in)
    if (page := options.page or page_folder()) is not None:
        add_page(app, page)
    return app


async def _health(request: web.Request) -> web.Response:
    """503 when no new call would be taken whatever the load, so that a load balancer sends them elsewhere."""
    calls = request.app[CALLS]
    workers = calls.workers()
    status = "draining" if calls.draining else "ok" if workers else "no workers"
    found = {
        "status": status,
        "version": __version__,
        "calls": len(calls),
        "slots": calls.slots,
        "draining": calls.draining,
        "tasks": len(asyncio.all_tasks()),
        "workers": workers,
    }
    return web.json_response(found, status=200 if status == "ok" else 503)


async def _end_calls(app: web.Application) -> None:
    await app[CALLS].close(STOPPING)


async def serve(catalogue: Catalogue, options: Options, staff: Callable[[Calls], Staff], ready: Callable[[str], None]) -> None:
    """Serve until SIGINT, which ends all calls at once, or SIGTERM, which lets them go on for a while; a second signal ends them.

    `ready` is told the address when calls can come. Raises OSError when it cannot listen.
    """
    calls = Calls(options.max_calls, options.ice_servers)
    signals = _Signals()
    runner = web.AppRunner(make_app(catalogue, calls, options), access_log=None, shutdown_timeout=REQUEST_LIMIT)
    async with AsyncExitStack() as last, AsyncExitStack() as first:
        first.push_async_callback(runner.cleanup)
        first.callback(signals.close)
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port).start()
        workers = await last.enter_async_context(staff(calls))  # gone after the application, whose shutdown ends the calls
        await workers.ready()
        ready(_address(runner, options))
        first.callback(asyncio.create_task(watch(catalogue), name="watching graphs").cancel)
        await _until_stopped(calls, signals, options.drain_limit)


async def _until_stopped(calls: Calls, signals: _Signals, drain_limit: float) -> None:
    await signals.drain.wait()
    calls.drain()
    log.info("no more calls are taken; %d may go on for %g s", len(calls), drain_limit)
    ends = [asyncio.ensure_future(end) for end in (calls.empty(), signals.stop.wait())]
    await asyncio.wait(ends, timeout=drain_limit, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()


class _Signals:
    """SIGTERM sets `drain`; SIGINT, or another one after it, sets both."""

    def __init__(self) -> None:
        self.drain = asyncio.Event()
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGTERM, self._terminate)

    def _terminate(self) -> None:
        if self.drain.is_set():
            self._end()
        self.drain.set()

    def _end(self) -> None:
        self.stop.set()
        self.drain.set()

    def close(self) -> None:
        """From now on a signal ends the process, whatever a node of somebody's own still does."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _address(runner: web.AppRunner, options: Options) -> str:
    port = runner.addresses[0][1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{port}"
