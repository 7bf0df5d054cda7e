"""For all tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from hypothesis import settings

from voicegraph.server.resume_key import VARIABLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]

settings.register_profile("no stopwatch", deadline=None)  # how fast an example runs is the machine's affair, and no property of the code
settings.load_profile("no stopwatch")


REAL_TIME = {"browser", "clients"}
"""Folders whose tests let a real browser speak and listen while the clock runs. A machine that stands still for a moment changes what was said, so
one that fails is tried once more, which the summary tells; what is broken fails twice."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True, scope="session")
def _no_key_in_the_users_home() -> Iterator[None]:
    """Servers that tests start would make one there."""
    os.environ[VARIABLE] = Fernet.generate_key().decode()
    yield
    del os.environ[VARIABLE]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`url = await serve(handler)`: a server whose every path and method the handler answers."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def until() -> Until:
    """`await until(lambda: …)`: lets the loop turn until the condition holds, for nodes whose answer comes over a socket."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  # a frame that was sent wakes nobody in a test
                await asyncio.sleep(0)

    return wait
