import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from voicegraph.core import rtvi
from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, CallFailed
from voicegraph.rtc.peer import Peer
from voicegraph.testing.caller import Caller, over_http


class Server:
    """The signalling of a server, and a peer per offer, which echoes."""

    def __init__(self) -> None:
        self.url = ""
        self.peers: list[Peer] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def offer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append((request.path, body))
        peer = Peer(version="2.1.0" if body["restart_pc"] else "")
        self.peers.append(peer)
        echo = np.zeros(0, np.int16)

        def hear(pcm: Pcm, t: float) -> None:
            nonlocal echo
            echo = np.concatenate([echo, pcm])

        def pull(n: int) -> Pcm:
            nonlocal echo
            block, echo = echo[:n], echo[n:]
            return np.concatenate([block, np.zeros(n - block.size, np.int16)])

        peer.listen(16_000, hear)
        peer.play(16_000, pull)
        return web.json_response({"sdp": await peer.answer(body["sdp"]), "type": "answer", "pc_id": f"pc{len(self.peers)}"})

    async def start(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, await request.json()))
        return web.json_response({"sessionId": "s1"})

    async def full(self, request: web.Request) -> web.Response:
        return web.json_response({"detail": "All lines are busy."}, status=503)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/api/offer", server.offer)
    app.router.add_post("/start", server.start)
    app.router.add_post("/sessions/s1/api/offer", server.offer)
    app.router.add_post("/full/api/offer", server.full)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = site.name
    yield server
    for peer in server.peers:
        await peer.close("")
    await runner.cleanup()


def tone(seconds: float) -> Pcm:
    return (10_000 * np.sin(2 * np.pi * 440 * np.arange(int(16_000 * seconds)) / 16_000)).astype(np.int16)


async def test_it_calls_speaks_and_hears(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        assert 0 < caller.setup.answered <= caller.setup.connected <= caller.setup.ready
        said = await caller.say(tone(0.3))
        assert said.end - said.begin > 0.29
        began = await caller.sound(after=said.begin)
        ended = await caller.silence(0.2, after=began)
        assert said.begin < began < ended
        assert caller.last_sound_before(ended + 1) == ended
        assert np.abs(caller.reply_audio(since=began - 0.02).astype(int)).max() > 5000


async def test_it_speaks_wav_files(server: Server, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(tone(0.1).tobytes())
    async with Caller(over_http(server.url)) as caller:
        said = await caller.say(tmp_path / "tone.wav")
        await caller.sound(after=said.begin)


async def test_it_can_stop_in_the_middle(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        speaking = asyncio.create_task(caller.say(tone(60)))
        await caller.sound(after=0)
        caller.hush()
        said = await speaking
        assert said.end - said.begin < 30


async def test_it_asks_for_a_session_where_the_server_wants_one(server: Server) -> None:
    async with Caller(over_http(server.url, start={"transport": "webrtc"})):
        pass
    assert [path for path, _ in server.requests] == ["/start", "/sessions/s1/api/offer"]


async def test_a_restart_names_the_former_connection(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        await caller.restart()
        said = await caller.say(tone(0.1))
        await caller.sound(after=said.begin)
    asked = [(body["pc_id"], body["restart_pc"]) for _, body in server.requests]
    assert asked == [(None, False), ("pc1", True)]


async def test_a_refusal_is_raised_with_its_reason(server: Server) -> None:
    with pytest.raises(BadRequest, match="All lines are busy") as refusal:
        await Caller(over_http(f"{server.url}/full")).connect()
    assert refusal.value.status == 503


async def test_it_waits_for_messages(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        waiting = asyncio.create_task(caller.wait_for("server-message", where=lambda told: told.data["t"] == "two"))
        server.peers[0].tell(rtvi.server_message("one"))
        server.peers[0].tell(rtvi.server_message("two", 2))
        told = await waiting
        assert told.data == {"t": "two", "d": 2}
        assert await caller.wait_for("server-message") is caller.told("server-message")[0]
        with pytest.raises(TimeoutError, match="no 'server-message' within"):
            await caller.wait_for("server-message", after=told.t + 1, limit=0.05)


async def test_whoever_waits_learns_that_the_call_is_over(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        waiting = asyncio.create_task(caller.wait_for("never"))
        speaking = asyncio.create_task(caller.say(tone(60)))
        await caller.until(lambda: caller.recording.packets or None)
        await server.peers[0].close("The shop is closed.")
        with pytest.raises(CallFailed, match="The shop is closed"):
            await waiting
        with pytest.raises(CallFailed, match="The shop is closed"):
            await speaking


async def test_a_caller_without_a_microphone_hears_but_cannot_speak(server: Server) -> None:
    async with Caller(over_http(server.url), audio=False) as caller:
        await caller.until(lambda: caller.recording.packets or None)
        with pytest.raises(CallFailed, match="no microphone"):
            await caller.say(tone(0.1))


async def test_it_tells_how_long_its_ears_take(server: Server) -> None:
    async with Caller(over_http(server.url)) as caller:
        taken: list[Mapping[str, Any]] = []
        server.peers[0].obey(taken.append)
        caller.playout_delay(85)
        await caller.until(lambda: taken or None)
    assert taken[0]["data"] == {"t": "playout-delay", "d": {"ms": 85}}
