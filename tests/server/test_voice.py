"""A caller may lend the call a voice: checked at once, for the caller's own call, and for nothing else."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.server.conftest import ECHO
from voicegraph.audio.wav import wav_bytes
from voicegraph.testing.caller import Caller, Offer
from voicegraph.testing.speech import murmur

LENT = """
from voicegraph.core import rtvi
from voicegraph.frames import VoiceSample
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor

class Lent(Processor):
    \"\"\"Tells how long each voice is.\"\"\"
    voice = In(VoiceSample)

    def on_voice(self, voice: VoiceSample) -> None:
        self.call.line.tell(rtvi.server_message("lent", {"rate": voice.rate, "seconds": voice.seconds}))
"""
CLIP = wav_bytes(murmur(5.0, rate=44_100), 44_100)


@pytest.fixture
def folder(folder: Path) -> Path:
    """Also a graph that takes a voice."""
    (folder / "lent.py").write_text(LENT)
    nodes = "  sample: voice_sample\n  lent: {use: './lent.py:Lent'}\n  page: page"
    (folder / "lending.yaml").write_text(ECHO.replace("  page: page", nodes))
    return folder


@dataclass(slots=True)
class Lending:
    caller: Caller
    http: ClientSession
    voice: str

    async def give(self, data: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        async with self.http.post(self.voice, data=data, headers=headers) as answer:
            return answer.status, await answer.json()

    def told(self, t: str) -> list[dict[str, Any]]:
        return [told.data["d"] for told in self.caller.told("server-message") if told.data["t"] == t]


Lend = Callable[..., AbstractAsyncContextManager[Lending]]


@pytest.fixture
def lend(http: ClientSession, url: str) -> Lend:
    @asynccontextmanager
    async def lend(graph: str = "lending") -> AsyncIterator[Lending]:
        async with http.post(f"{url}/start", json={"body": {"graph": graph}}) as answer:
            session = f"{url}/sessions/{(await answer.json())['sessionId']}"
        async with Caller(_over(http, session)) as caller:
            if graph == "lending":
                await caller.wait_for("server-message", where=lambda told: told.data["t"] == "voice-wanted")
            yield Lending(caller, http, f"{session}/voice")

    return lend


def _over(http: ClientSession, session: str) -> Offer:
    async def offer(sdp: str, restart: bool) -> str:
        async with http.post(f"{session}/api/offer", json={"sdp": sdp, "type": "offer"}) as answer:
            return str((await answer.json())["sdp"])

    return offer


async def test_a_recording_becomes_the_calls_voice_and_can_be_taken_back(lend: Lend) -> None:
    async with lend() as lending:
        assert await lending.give(CLIP) == (200, {"seconds": 5.0})
        async with lending.http.delete(lending.voice) as answer:
            assert await answer.json() == {"status": "success"}
        await lending.caller.wait_for("server-message", where=lambda told: told.data["t"] == "voice-forgotten")
        assert lending.told("lent") == [{"rate": 24_000, "seconds": pytest.approx(5.0, abs=0.05)}, {"rate": 24_000, "seconds": 0.0}]


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", 422, "no recording that can be read"),
        (b"words", 422, "no recording that can be read"),
        (wav_bytes(murmur(1.0), 24_000), 422, "at least 3 s are needed"),
        (bytes(10 * 2**20 + 1), 413, "at most 10 MiB"),
    ],
    ids=["empty", "text", "short", "huge"],
)
async def test_what_will_not_do_is_refused_with_a_sentence_and_changes_nothing(lend: Lend, data: bytes, status: int, sentence: str) -> None:
    async with lend() as lending:
        found, body = await lending.give(io.BytesIO(data))
        assert found == status
        assert sentence in body["detail"]
        assert await lending.give(CLIP) == (200, {"seconds": 5.0})
        await lending.caller.wait_for("server-message", where=lambda told: told.data["t"] == "lent")
        assert len(lending.told("lent")) == 1


async def test_a_form_is_refused_with_the_way_out(lend: Lend) -> None:
    async with lend() as lending:
        status, body = await lending.give({"file": io.BytesIO(CLIP)})
        assert status == 415
        assert "--data-binary" in body["detail"]


async def test_a_graph_without_a_voice_sample_takes_none(lend: Lend) -> None:
    async with lend("echo") as lending:
        status, body = await lending.give(CLIP)
        assert status == 409
        assert "takes no voice" in body["detail"]


async def test_only_who_knows_the_session_can_give_one(http: ClientSession, url: str) -> None:
    for method in ("POST", "DELETE"):
        async with http.request(method, f"{url}/sessions/nobody/voice", data=CLIP) as answer:
            assert answer.status == 404


async def test_other_sites_pages_cannot_either(lend: Lend) -> None:
    async with lend() as lending:
        assert (await lending.give(CLIP, Origin="https://elsewhere.example"))[0] == 403
