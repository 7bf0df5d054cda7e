"""Several workers: real processes on loopback, real peer connections, Mistral's models played by the stand-in."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from voicegraph.audio.wav import wav_bytes
from voicegraph.errors import BadRequest, CallFailed, WorkerLost
from voicegraph.graph.shipped import names
from voicegraph.server.calls import Calls
from voicegraph.server.fleet import Fleet
from voicegraph.server.remote import RemoteWorker
from voicegraph.server.setup import Setup
from voicegraph.testing.caller import Caller, Told, over_http
from voicegraph.testing.mistral import Delays, MistralServer, Received, Request, Script
from voicegraph.testing.speech import murmur

GRAPH = """
about: Voxtral with a greeting.
extends: voxtral
nodes:
  floor: {welcome: Welcome.}
"""
LIMIT = 20.0


@dataclass(slots=True)
class Server:
    """`voicegraph serve --workers 2` in a process of its own."""

    url: str
    process: asyncio.subprocess.Process
    http: ClientSession

    async def health(self) -> tuple[int, dict[str, Any]]:
        async with self.http.get(f"{self.url}/healthz") as answer:
            return answer.status, await answer.json()

    async def until(self, check: Callable[[dict[str, Any]], bool] = lambda _: True, **expected: Any) -> None:
        """Until /healthz says so."""
        async with asyncio.timeout(LIMIT):
            while True:
                _, found = await self.health()
                if {name: found[name] for name in expected} == expected and check(found):
                    return
                await asyncio.sleep(0.02)

    async def pids(self) -> list[int]:
        return pids((await self.health())[1])

    async def busy(self) -> list[int]:
        """The processes of the workers that have calls."""
        return [worker["pid"] for worker in (await self.health())[1]["workers"] if worker["calls"]]


@asynccontextmanager
async def serving(*options: str, environ: dict[str, str] | None = None) -> AsyncIterator[Server]:
    command = (sys.executable, "-m", "voicegraph", "serve", "--port", "0", "--workers", "2", *options)
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | (environ or {}), stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), LIMIT)).decode()
        async with ClientSession() as http:
            yield Server(line.split(" at ")[1].split()[0], process, http)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), LIMIT)


@pytest.fixture
async def mistral() -> AsyncIterator[MistralServer]:
    async with MistralServer(Script(replies=["Yes.", "No.", "Maybe."]), Delays(first_token=0.0, per_token=0.0, first_sound=0.0)) as server:
        yield server


@pytest.fixture
def environ(mistral: MistralServer) -> dict[str, str]:
    return {"MISTRAL_API_KEY": "any", "MISTRAL_BASE_URL": mistral.url}


@pytest.fixture
def graph(tmp_path: Path) -> str:
    file = tmp_path / "greeting.yaml"
    file.write_text(GRAPH)
    return str(file)


def asked(mistral: MistralServer) -> list[str]:
    """What the model was asked last, without the instructions."""
    request = [request for request in mistral.log.of(Request) if request.endpoint == "chat"][-1]
    return [message["content"] for message in request.body["messages"] if message["role"] != "system"]


def said(t: str) -> Any:
    return lambda told: told.data["t"] == t


async def exchange(caller: Caller, text: str) -> Told:
    """One typed turn, answered and settled; the newest resume token's message."""
    caller.type(text)
    asked = await caller.wait_for("user-llm-text", where=lambda told: told.data["text"] == text, limit=LIMIT)
    over = await caller.wait_for("bot-output", after=asked.t, where=lambda told: told.data["spoken_status"] == "completed", limit=LIMIT)
    return await caller.wait_for("server-message", after=over.t, where=said("resume"), limit=LIMIT)


def pids(health: dict[str, Any]) -> list[int]:
    return [worker["pid"] for worker in health["workers"]]


async def ended(pid: int) -> None:
    """Until this process, which is no child of ours, has."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, gone.set)
    await asyncio.wait_for(gone.wait(), LIMIT)
    loop.remove_reader(handle)
    os.close(handle)


async def test_a_conversation_outlives_its_worker(graph: str, environ: dict[str, str], mistral: MistralServer) -> None:
    """By the protocol alone, as clients do it that know nothing of tokens; and nobody else's call is touched."""
    async with serving("--graph", graph, environ=environ) as server:
        async with Caller(over_http(server.url, {})) as caller:
            await caller.wait_for("server-message", where=said("resume"))
            await exchange(caller, "Is it true?")
            [pid] = await server.busy()
            async with Caller(over_http(server.url, {})) as other:
                [another] = {*await server.busy()} - {pid}
                os.kill(pid, signal.SIGKILL)
                await server.until(calls=1)
                await caller.restart()
                resumed = await caller.wait_for("server-message", where=said("resumed"), limit=LIMIT)
                assert resumed.data["d"] == {"exchanges": 2}
                await exchange(caller, "Are you sure?")
                assert asked(mistral) == ["(The call has just begun.)", "Welcome.", "Is it true?", "Yes.", "Are you sure?"]
                await server.until(calls=2, slots=60)
                workers = await server.pids()
                assert another in workers
                assert pid not in workers
                assert other.ended is None
        await server.until(calls=0)


async def test_a_client_goes_on_with_its_token(graph: str, environ: dict[str, str], mistral: MistralServer) -> None:
    """Also on a server that was restarted meanwhile, and without a session."""
    async with serving("--graph", graph, environ=environ) as server, Caller(over_http(server.url)) as caller:
        await caller.wait_for("server-message", where=said("resume"), limit=LIMIT)
        token = (await exchange(caller, "Is it true?")).data["d"]["token"]
    async with serving("--graph", graph, environ=environ) as server:
        async with Caller(over_http(server.url, {"body": {"resume": token}})) as caller:
            resumed = await caller.wait_for("server-message", where=said("resumed"))
            assert resumed.data["d"] == {"exchanges": 2}
            await exchange(caller, "Are you sure?")
            assert asked(mistral)[-3:] == ["Is it true?", "Yes.", "Are you sure?"]
            assert "Welcome." not in [told.data.get("text") for told in caller.told("bot-output")]
        async with Caller(over_http(server.url, {"body": {"resume": token[:-9] + "AAAAAAAA="}})) as caller:
            resumed = await caller.wait_for("server-message", where=said("resumed"))
            assert resumed.data["d"]["exchanges"] == 0
            assert "not from this server" in resumed.data["d"]["reason"]
            await caller.wait_for("bot-output", where=lambda told: told.data["text"] == "Welcome.")


@pytest.mark.parametrize(("number", "sentence"), [(signal.SIGINT, "shutting down"), (signal.SIGTERM, "shutting down")])
async def test_a_signal_to_the_whole_group_ends_calls_properly(number: int, sentence: str) -> None:
    """As a terminal's Ctrl-C or a service manager sends it."""
    async with serving("--graph", "echo", "--drain-limit", "0.1") as server:
        workers = await server.pids()
        async with Caller(over_http(server.url)) as caller:
            for pid in (*workers, server.process.pid):
                os.kill(pid, number)
            with pytest.raises(CallFailed, match=sentence):
                await caller.wait_for("never")
        assert await asyncio.wait_for(server.process.wait(), LIMIT) == 0
        for pid in workers:
            await ended(pid)


async def test_a_front_that_is_killed_leaves_no_orphans() -> None:
    async with serving("--graph", "echo") as server:
        workers = await server.pids()
        async with Caller(over_http(server.url)) as caller:
            server.process.kill()
            with pytest.raises(CallFailed, match="The server has stopped"):
                await caller.wait_for("never")
        for pid in workers:
            await ended(pid)


async def test_a_draining_server_takes_no_more_calls_and_lets_those_that_run_go_on() -> None:
    async with serving("--graph", "echo", "--drain-limit", "60") as server:
        async with Caller(over_http(server.url)) as caller:
            server.process.send_signal(signal.SIGTERM)
            await server.until(status="draining", draining=True, calls=1)
            assert (await server.health())[0] == 503
            async with server.http.post(f"{server.url}/start", json={}) as answer:
                assert answer.status == 503
                assert answer.headers["Retry-After"] == "5"
                assert "takes no more calls" in (await answer.json())["detail"]
            await caller.restart()
            assert caller.ended is None
        assert await asyncio.wait_for(server.process.wait(), LIMIT) == 0


async def test_a_second_signal_ends_the_draining() -> None:
    async with serving("--graph", "echo", "--drain-limit", "60") as server, Caller(over_http(server.url)) as caller:
        server.process.send_signal(signal.SIGTERM)
        await server.until(status="draining")
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(CallFailed, match="shutting down"):
            await caller.wait_for("never")
        assert await asyncio.wait_for(server.process.wait(), LIMIT) == 0


async def test_calls_are_shared_out_until_every_slot_is_taken() -> None:
    async with serving("--graph", "echo", "--max-calls", "1") as server:
        async with Caller(over_http(server.url)), Caller(over_http(server.url)):
            assert len(await server.busy()) == 2
            with pytest.raises(BadRequest, match="All 2 lines are busy") as problem:
                await Caller(over_http(server.url)).connect()
            assert problem.value.status == 503
        await server.until(calls=0)
        async with Caller(over_http(server.url)):
            assert len(await server.busy()) == 1


async def test_later_requests_find_the_worker_of_their_call(sdp: str) -> None:
    """PATCH, a renegotiation and DELETE, for calls of different workers."""
    async with serving("--graph", "echo") as server:
        place = f"{server.url}/api/offer"
        names = []
        for _ in range(2):
            async with server.http.post(place, json={"sdp": sdp, "type": "offer"}) as answer:
                names.append((await answer.json())["pc_id"])
        assert len(await server.busy()) == 2
        for pc_id in names:
            async with server.http.patch(place, json={"pc_id": pc_id, "candidates": [{"candidate": ""}]}) as answer:
                assert await answer.json() == {"status": "success"}
            async with server.http.post(place, json={"pc_id": pc_id, "sdp": sdp, "type": "offer"}) as answer:
                assert (await answer.json())["pc_id"] == pc_id
            async with server.http.delete(place, params={"pc_id": pc_id}) as answer:
                assert await answer.json() == {"status": "success"}
        await server.until(calls=0)


async def test_a_voice_reaches_the_worker_that_has_the_call(environ: dict[str, str], mistral: MistralServer) -> None:
    """The longest one, which is the longest thing that goes over the line to a worker."""
    clip = wav_bytes(murmur(24.9), 24_000)
    async with serving("--graph", "cloned_voice", environ=environ) as server:
        async with server.http.post(f"{server.url}/start", json={}) as answer:
            session = f"{server.url}/sessions/{(await answer.json())['sessionId']}"

        async def offer(sdp: str, restart: bool) -> str:
            async with server.http.post(f"{session}/api/offer", json={"sdp": sdp, "type": "offer"}) as answer:
                return str((await answer.json())["sdp"])

        async with Caller(offer) as caller:
            await caller.wait_for("server-message", where=said("voice-wanted"), limit=LIMIT)
            async with server.http.post(f"{session}/voice", data=io.BytesIO(clip)) as answer:
                assert (answer.status, await answer.json()) == (200, {"seconds": 24.9})
            await mistral.wait_for(Received, lambda record: len(record.message.get("session", {}).get("ref_audio", "")) > 1_500_000, timeout=LIMIT)
            async with server.http.post(f"{server.url}/sessions/nobody/voice", data=b"") as answer:
                assert answer.status == 404


SETUP = Setup("worker 1", dict(names()), "echo", "it is the test's", None, (), (), None, Fernet.generate_key().decode(), 600.0, logging.WARNING)


async def test_a_worker_that_gives_no_sign_of_life_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.remote.PULSE", 0.02)
    monkeypatch.setattr("voicegraph.server.remote.PULSE_LIMIT", 2.0)
    worker = await RemoteWorker.open(SETUP, Calls(1).told, lambda _: None)
    os.kill(worker.pid, signal.SIGSTOP)
    await asyncio.wait_for(worker.gone(), LIMIT)
    assert await worker.stop() == "killed by SIGKILL"
    with pytest.raises(WorkerLost):
        await worker.end("nobody", "")


async def test_a_worker_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkerLost, match="its process ended before it was ready, exit code 1"):
        await RemoteWorker.open(replace(SETUP, resume_key="no key"), Calls(1).told, lambda _: None)


async def test_a_fleet_that_cannot_start_says_which() -> None:
    async with Fleet(calls := Calls(1), [replace(SETUP, resume_key="no key"), replace(SETUP, name="worker 2")]) as fleet:
        with pytest.raises(WorkerLost, match="worker 1 could not be started"):
            await fleet.ready()
    assert calls.slots == 0
