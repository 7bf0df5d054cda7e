"""A voice is saved with the loopback Mistral, spoken with, and deleted."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from voicegraph.audio.wav import wav_bytes
from voicegraph.cli import main
from voicegraph.testing.mistral import MistralServer, Request
from voicegraph.testing.speech import murmur


@pytest.fixture
async def mistral(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MistralServer]:
    async with MistralServer() as server:
        monkeypatch.setenv("MISTRAL_API_KEY", "any")
        monkeypatch.setenv("MISTRAL_BASE_URL", server.url)
        yield server


@pytest.fixture
def clip(tmp_path: Path) -> str:
    file = tmp_path / "anna.wav"
    file.write_bytes(wav_bytes(murmur(6.0, rate=44_100), 44_100))
    return str(file)


async def run(*arguments: str) -> int:
    """The command, in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(main, ["voice", *arguments])


async def test_a_voice_is_saved_and_can_be_named_in_a_graph_until_it_is_deleted(
    mistral: MistralServer, clip: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("save", clip, "--name", "anna", "--consent") == 0
    body = mistral.log.of(Request)[0].body
    assert (body["name"], body["sample_filename"]) == ("anna", "voice.wav")
    assert len(base64.b64decode(body["sample_audio"])) == pytest.approx(6 * 24_000 * 2, rel=0.02)
    option, id = capsys.readouterr().out.split()
    assert option == "voice:"
    assert await spoken_in(id, mistral) == 200
    assert await run("delete", id) == 0
    assert await spoken_in(id, mistral) == 404


async def spoken_in(voice: str, mistral: MistralServer) -> int:
    """The status of a request for speech in this voice."""
    from aiohttp import ClientSession

    body = {"input": "Hello.", "voice_id": voice, "response_format": "pcm"}
    async with ClientSession() as http, http.post(f"{mistral.url}/v1/audio/speech", json=body) as answer:
        return answer.status


async def test_without_consent_nothing_is_sent(mistral: MistralServer, clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("save", clip, "--name", "anna") == 1
    assert "add --consent" in capsys.readouterr().err
    assert mistral.log.of(Request) == []


async def test_a_recording_that_will_not_do_is_not_sent(mistral: MistralServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "short.wav").write_bytes(wav_bytes(murmur(1.0), 24_000))
    for name, said in {"short.wav": "at least 3 s are needed", "nowhere.wav": "No such file"}.items():
        assert await run("save", str(tmp_path / name), "--name", "anna", "--consent") == 1
        assert said in capsys.readouterr().err
    assert mistral.log.of(Request) == []


async def test_what_mistral_refuses_is_told_in_a_sentence(mistral: MistralServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("delete", "nobody") == 1
    assert "Voice not found: nobody" in capsys.readouterr().err
