"""A real server on loopback, with a graph that needs no model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.test_utils import TestServer
from aiortc import RTCPeerConnection
from cryptography.fernet import Fernet

from voicegraph.rtc.reach import Reach
from voicegraph.server.app import make_app
from voicegraph.server.calls import Calls
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.local import LocalStaff
from voicegraph.server.options import Options
from voicegraph.server.resume import Tokens
from voicegraph.server.signalling import CALLS
from voicegraph.server.workshop import open_workshop

TOKENS = Tokens(Fernet.generate_key())
ECHO = """
about: Hear yourself.
nodes:
  caller: webrtc_in
  echo: echo
  jitter: {use: jitter_buffer, cushion: 20ms}
  speaker: webrtc_out
  page: page
"""
REFUSES = '''
import asyncio

from voicegraph.errors import CallFailed
from voicegraph.frames import CallerAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor

class Refusing(Processor):
    """Cannot start, and takes its time to find out."""
    observer = True
    audio = In(CallerAudio)
    after = 0.0

    async def start(self) -> None:
        await asyncio.sleep(self.after)
        raise CallFailed("The engine is not installed: pip install it.")

    def on_audio(self, audio: CallerAudio) -> None: ...

class Late(Refusing):
    """After the offer was answered."""
    after = 0.1

class Failing(Refusing):
    """As soon as it runs, before a client can be connected."""
    async def start(self) -> None: ...

    async def run(self) -> None:
        raise CallFailed("The engine has stopped.")

class Unpacked(Refusing):
    """Imports what is not there."""
    needs = {"no_such_engine": "local"}

class Endless(Refusing):
    """After everybody is gone."""
    after = 3600.0
'''
TELLS = '''
from voicegraph.frames import Event
from voicegraph.graph.ports import Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings

class EarlySettings(Settings):
    greeting: str = "Hello"

class Early(Processor):
    """Has something to say at once."""
    settings: EarlySettings
    events = Out(Event)

    async def run(self) -> None:
        self.events.send(Event(kind="early", data={"greeting": self.settings.greeting}))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Graph files: two that work, one with mistakes, some that cannot start, one that needs a key, one that needs a package."""
    (tmp_path / "echo.yaml").write_text(ECHO)
    (tmp_path / "wrong.yaml").write_text(ECHO.replace("echo: echo", "echo: ecko"))
    for name in ("refusing", "late", "endless", "failing"):
        (tmp_path / f"{name}.yaml").write_text(ECHO.replace("  page: page", f"  {name}: {{use: './refusing.py:{name.title()}'}}"))
    (tmp_path / "refusing.py").write_text(REFUSES)
    (tmp_path / "early.yaml").write_text(
        ECHO.replace("  page: page", "  early: {use: './early.py:Early'}\n  page: page") + "allow: {early.greeting: {max_length: 9}}\n"
    )
    (tmp_path / "early.py").write_text(TELLS)
    (tmp_path / "keyed.yaml").write_text(ECHO.replace("  page: page", "  stt: {use: voxtral_stt, from: caller}\n  page: page"))
    (tmp_path / "unpacked.yaml").write_text(ECHO.replace("  page: page", "  unpacked: {use: './refusing.py:Unpacked'}"))
    return tmp_path


@pytest.fixture
def catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    for name in ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Catalogue({file.stem: file for file in folder.glob("*.yaml")}, "echo", "it is the test's")


Serve = Callable[[Options], Awaitable[TestServer]]


@pytest.fixture
async def serve(catalogue: Catalogue) -> AsyncIterator[Serve]:
    """Start a server with these options, whose calls run in this process."""
    async with AsyncExitStack() as stack:

        async def start(options: Options) -> TestServer:
            calls = Calls(options.max_calls, options.ice_servers)
            reach, workshop = Reach(options.ice_servers, options.public_addresses), open_workshop(catalogue, options.dev)
            await stack.enter_async_context(LocalStaff(calls, catalogue, reach, TOKENS, workshop))
            server = TestServer(make_app(catalogue, calls, options))
            await server.start_server()
            stack.push_async_callback(server.close)
            return server

        yield start


@pytest.fixture
async def server(serve: Serve, tmp_path: Path) -> TestServer:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<title>The page</title>")
    (page / "page.js").write_text("export {};")
    return await serve(Options(max_calls=2, page=page))


@pytest.fixture
def url(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")


@pytest.fixture
def calls(server: TestServer) -> Calls:
    return server.app[CALLS]


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
async def sdp() -> AsyncIterator[str]:
    """The offer of a real peer connection."""
    pc = RTCPeerConnection()
    pc.addTransceiver("audio")
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    yield pc.localDescription.sdp
    await pc.close()


def _tasks() -> set[asyncio.Task[Any]]:
    """All but the test itself and the connections of the HTTP server."""
    here = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task is not here and "RequestHandler" not in repr(task.get_coro())}


Left = Callable[[], Awaitable[set[asyncio.Task[Any]]]]


@pytest.fixture
async def left() -> Left:
    """Tasks that were made since the fixture was and do not end: aioice's checks sleep for 20 ms before they see that they were closed."""
    before = {*_tasks(), *filter(None, [asyncio.current_task()])}

    async def find() -> set[asyncio.Task[Any]]:
        made = _tasks() - before
        return (await asyncio.wait(made, timeout=2))[1] if made else made

    return find
