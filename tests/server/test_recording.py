"""A caller may fetch the recording of their own call, and nobody anything else."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession

from tests.server.conftest import ECHO
from voicegraph.audio.recordings import Recordings
from voicegraph.server.calls import Calls
from voicegraph.testing.caller import Caller, Offer
from voicegraph.testing.clock import run_virtual

Place = Callable[[str], Awaitable[str]]


async def start(http: ClientSession, url: str, graph: str) -> tuple[str, Offer]:
    """The URL of a new session, and its signalling."""
    async with http.post(f"{url}/start", json={"body": {"graph": graph}}) as answer:
        session = f"{url}/sessions/{(await answer.json())['sessionId']}"

    async def offer(sdp: str, restart: bool) -> str:
        async with http.post(f"{session}/api/offer", json={"sdp": sdp, "type": "offer"}) as answer:
            return str((await answer.json())["sdp"])

    return session, offer


@pytest.fixture
def folder(folder: Path) -> Path:
    """Also a graph that records, and one that keeps its recording to itself."""
    for name, download in (("recorded", "10min"), ("secret", "0")):
        recorder = f"  recorder: {{use: recorder, path: '{folder}/calls/{{session}}.wav', download: {download}}}"
        (folder / f"{name}.yaml").write_text(ECHO.replace("  page: page", recorder))
    return folder


@pytest.fixture
def call(http: ClientSession, url: str, calls: Calls) -> Place:
    """Hold a call of a second; gives its session's URL. It is over then."""

    async def call(graph: str) -> str:
        session, offer = await start(http, url, graph)
        async with Caller(offer) as caller:
            if graph == "recorded":
                await caller.wait_for("server-message", where=lambda told: told.data == {"t": "recording", "d": {"keep_s": 600.0}})
            said = await caller.say((8000 * np.sin(np.arange(16000) / 6)).astype(np.int16))
            await caller.sound(after=said.begin)
            await caller.silence(0.3, after=said.end)
        async with asyncio.timeout(5):
            await calls.empty()
        return session

    return call


async def test_the_caller_can_have_the_call_when_it_is_over(http: ClientSession, call: Place) -> None:
    session = await call("recorded")
    async with http.get(f"{session}/recording") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="call.wav"'
        assert answer.headers["Cache-Control"] == "no-store"
        with wave.open(io.BytesIO(await answer.read())) as wav:
            assert wav.getnchannels() == 2
            assert wav.getnframes() > wav.getframerate()


async def test_a_graph_can_keep_it_to_itself(http: ClientSession, call: Place, folder: Path) -> None:
    session = await call("secret")
    assert len(list((folder / "calls").iterdir())) == 1
    async with http.get(f"{session}/recording") as answer:
        assert answer.status == 404


async def test_nothing_else_can_be_fetched(http: ClientSession, call: Place, url: str, folder: Path) -> None:
    await call("recorded")
    (folder / "calls" / "other.wav").write_bytes(b"RIFF")
    for id in ("other", "other.wav", "..%2Fcalls%2Fother", f"{folder}/calls/other".replace("/", "%2F"), "%00", ""):
        async with http.get(f"{url}/sessions/{id}/recording") as answer:
            assert answer.status == 404


async def test_a_call_that_has_only_begun_says_so(http: ClientSession, url: str) -> None:
    session, offer = await start(http, url, "recorded")
    async with Caller(offer), http.get(f"{session}/recording") as answer:
        assert answer.status == 404
        assert "only just begun" in (await answer.json())["detail"]


def test_it_can_be_had_for_as_long_as_the_graph_says() -> None:
    async def test() -> None:
        recordings = Recordings()
        recordings.begin("call", Path("call.wav"))
        await asyncio.sleep(3600)
        assert recordings.of("call") == Path("call.wav"), "the call goes on"
        recordings.end("call", 600.0)
        await asyncio.sleep(599)
        assert recordings.of("call") == Path("call.wav")
        await asyncio.sleep(2)
        assert recordings.of("call") is None

    run_virtual(test())
