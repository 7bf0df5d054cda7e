"""The field's own client, `@pipecat-ai/client-js` with its SmallWebRTC transport as published, in a real browser against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from voicegraph.core.sound import Pcm
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.conftest import Browse, Serve, Server, Visit

pytestmark = pytest.mark.browser

RATE = 48_000
LONG = 20_000
"""Milliseconds within which anything must have happened."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """The page's client, driven from here."""

    visit: Visit
    server: Server

    async def start(self, graph: str | None = None, *, body: bool = True) -> dict[str, Any]:
        """`startBotAndConnect`; body=False sends none."""
        wishes = {"graph": graph} if graph else {}
        found: dict[str, Any] = await self.visit.page.evaluate(
            "([server, body]) => sdk.start(server, body)", [self.server.url, wishes if body else None]
        )
        return found

    async def do(self, script: str) -> Any:
        """Run this with `client` being the SDK's."""
        return await self.visit.page.evaluate(f"(async (client) => {script})(sdk.client)")

    async def told(self, name: str) -> list[Any]:
        """The data of every event of this name, in order."""
        found: list[Any] = await self.visit.page.evaluate(
            "(name) => sdk.events.filter((event) => event.name === name).map((event) => event.data)", name
        )
        return found

    async def event(self, name: str, where: str = "true") -> None:
        """Wait for an event of this name whose `data` is as the expression has it."""
        test = f"(name) => sdk.events.some(({{ name: known, data }}) => known === name && ({where}))"
        await self.visit.page.wait_for_function(test, arg=name, timeout=LONG)

    async def heard(self, on: bool = True) -> None:
        """Wait until the reply sounds, measured where it is played, or has fallen silent."""
        await self.visit.page.wait_for_selector(f"html[data-sound={'on' if on else 'off'}]", timeout=LONG, state="attached")

    async def calls(self) -> int:
        """How many the server counts."""
        async with ClientSession() as client, client.get(f"{self.server.url}/healthz") as answer:
            count: int = (await answer.json())["calls"]
        return count

    async def no_calls(self) -> None:
        """Wait until the server has given the last one back."""
        async with asyncio.timeout(LONG / 1000):
            while await self.calls():
                await self.visit.page.wait_for_timeout(50)


Call = Callable[..., AbstractAsyncContextManager[Sdk]]


@pytest.fixture
def sdk(serve: Serve, browse: Browse, sdk_page: Path) -> Call:
    """`async with sdk(*options of serve, says=pcm) as sdk`: the page is there, nobody has called yet."""

    @asynccontextmanager
    async def open(*options: str, says: Pcm | None = None, key: bool = True) -> AsyncIterator[Sdk]:
        async with serve("--page", str(sdk_page), *options, key=key) as server, browse(server.url, says) as visit:
            yield Sdk(visit, server)

    return open


async def test_a_spoken_question_is_answered_aloud_and_in_words(sdk: Call) -> None:
    async with sdk(says=says(1.0, "What can you do for me?", 1.0, rate=RATE)) as call:
        answer = await call.start()
        assert answer["ready"]["about"]["graph"] == "voxtral"
        await call.event("trackStarted", "data.kind === 'audio'")
        await call.event("userStartedSpeaking")
        await call.event("userTranscript", "!data.final")
        await call.event("userTranscript", "data.final && data.text === 'what can you do for me'")
        await call.heard()
        await call.event("botOutput", "data.spoken_status === 'completed'")
        first = next(output for output in await call.told("botOutput") if output["segment_id"] == 1)
        assert (first["spoken_status"], first["will_be_spoken"]) == ("new", True)
        assert " ".join(output["text"] for output in await call.told("botTtsText")).startswith("I can listen")
        for name in ("userStoppedSpeaking", "userLlmText", "botLlmStarted", "botLlmText", "botTtsStarted", "botStartedSpeaking", "metrics"):
            assert await call.told(name), name
        assert await call.told("error") == []


async def test_speaking_over_the_answer_stops_it(sdk: Call) -> None:
    async with sdk(says=says(1.0, "What can you do for me?", 2.5, "Stop, please, that is enough for now.", rate=RATE)) as call:
        await call.start()
        await call.heard()
        await call.event("serverMessage", "data.t === 'bot-interrupted'")
        await call.event("botStoppedSpeaking")
        await call.event("userTranscript", "data.final && data.text === 'stop please'")
        await call.event("botOutput", "data.text === 'Of course.'")
        last = [output for output in await call.told("botOutput") if output["text"].endswith("until somebody tells me to stop.")]
        assert not any(output["spoken_status"] == "completed" for output in last)


async def test_typed_text_and_a_request_interrupt_the_answer(sdk: Call) -> None:
    async with sdk() as call:
        await call.start()
        await call.do("client.sendText('Tell me everything')")
        await call.heard()
        await call.do("client.sendText('Go on', { run_immediately: true })")
        await call.event("serverMessage", "data.t === 'bot-interrupted' && data.d.why === 'typed'")
        await call.event("botOutput", "data.segment_id > 3 && data.spoken_status === 'in-progress'")
        assert await call.do("client.sendClientRequest('interrupt')") is None
        await call.event("serverMessage", "data.t === 'bot-interrupted' && data.d.why !== 'typed'")
        await call.heard(False)
        refusal = await call.do("client.sendClientRequest('dance').catch((message) => message.data.error)")
        assert "'client-message dance' is not known here" in refusal


async def test_an_answer_for_the_screen_only_is_not_spoken(sdk: Call) -> None:
    async with sdk() as call:
        await call.start()
        await call.do("client.sendText('Tell me', { audio_response: false })")
        await call.event("botOutput", "data.will_be_spoken === false")
        await call.event("botLlmStopped")
        assert await call.told("botStartedSpeaking") == []


async def test_nothing_is_heard_from_a_muted_microphone(sdk: Call) -> None:
    async with sdk(says=says(0.5, "What can you do for me?", rate=RATE)) as call:
        await call.do("client.enableMic(false)")
        await call.start()
        await call.visit.page.wait_for_timeout(2500)  # the recording says its question meanwhile, and the SDK sends it all the same
        assert await call.told("userTranscript") == []
        assert await call.told("userStartedSpeaking") == []
        call.visit.complaints.clear()  # the SDK's own line: it told nobody of the mute, since nobody was there


async def test_leaving_frees_the_call_and_the_same_client_can_call_again(sdk: Call) -> None:
    async with sdk() as call:
        await call.start()
        assert await call.calls() == 1
        await call.do("client.disconnect()")
        await call.event("disconnected")
        await call.no_calls()
        direct = "{ webrtcRequestParams: { endpoint: '/api/offer', requestData: { graph: 'echo' } } }"
        ready = await call.do(f"client.connect({direct})")  # without /start
        assert ready["about"]["graph"] == "echo"
        await call.do("client.disconnectBot()")
        await call.event("botDisconnected")
        await call.no_calls()


async def test_the_call_goes_on_after_a_renegotiation_and_over_a_new_connection(sdk: Call) -> None:
    async with sdk() as call:
        await call.start()
        await call.do("""client.transport.handleMessage('{"type": "signalling", "message": {"type": "renegotiate"}}')""")
        await call.do("client.sendText('Tell me')")
        await call.heard()
        await call.do("client.transport.attemptReconnection(true)")  # what the transport does when the network has changed
        await call.visit.page.wait_for_function("() => sdk.client.transport.dc.readyState === 'open'", timeout=LONG)
        await call.do("client.sendText('And stop')")
        await call.heard()
        await call.event("botOutput", "data.text === 'I have stopped.' && data.spoken_status === 'completed'")
        assert await call.calls() == 1
        assert len(await call.told("botReady")) == 1
        assert await call.do("client.tracks().local.audio.readyState") == "ended"  # the SDK's doing, told of in docs/howto/react.md


class TestWhatGoesWrong:
    async def test_a_refused_call_says_why_in_our_words(self, sdk: Call) -> None:
        async with sdk("--max-calls", "1") as call:
            answer = await call.start("voxtrall")
            assert answer["status"] == 404
            assert "There is no graph 'voxtrall' (did you mean 'voxtral'?)" in answer["problem"]
            [error] = await call.told("error")
            assert error["data"] == {"message": answer["problem"], "fatal": True}
            assert "ready" in await call.start(body=False)
            second = await call.visit.page.context.new_page()
            await second.goto(call.server.url)
            answer = await second.evaluate("(server) => sdk.start(server)", call.server.url)
            assert answer == {"problem": "All 1 lines are busy. Please try again in a minute.", "status": 503}
            call.visit.complaints.clear()  # the browser's own line about a 404

    async def test_a_graph_that_fails_at_its_start_ends_the_call_with_a_sentence(self, sdk: Call, tmp_path: Path) -> None:
        (tmp_path / "broken.py").write_text(BROKEN)
        (tmp_path / "broken.yaml").write_text('extends: echo\nnodes: {broken: {use: "./broken.py:Broken", from: caller}}\n')
        async with sdk("--graph", str(tmp_path / "broken.yaml")) as call:
            await call.visit.page.evaluate("(server) => void sdk.start(server)", call.server.url)
            await call.event(
                "error", "data.data.fatal && data.data.error === data.data.message && data.data.error === 'The engine is not installed.'"
            )
            await call.event("disconnected")
            call.visit.complaints.clear()  # the SDK's own line about a fatal error

    async def test_a_server_that_stops_says_goodbye(self, sdk: Call) -> None:
        async with sdk() as call:
            await call.start()
            await call.server.stop()
            await call.event("serverMessage", "data.t === 'call-ended' && data.d.reason === 'The server is shutting down.'")
            await call.event("disconnected")

    async def test_a_server_that_dies_is_given_up(self, sdk: Call) -> None:
        async with sdk() as call:
            await call.start()
            await call.server.die()
            await call.do("client.transport.attemptReconnection(true)")  # what the transport does some ten seconds after the last packet
            await call.event("disconnected")
            call.visit.complaints.clear()  # the failed requests


BROKEN = '''
import asyncio

from voicegraph.errors import CallFailed
from voicegraph.frames import CallerAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor

class Broken(Processor):
    """Finds out late that it cannot start."""
    observer = True
    audio = In(CallerAudio)

    async def start(self) -> None:
        await asyncio.sleep(0.1)
        raise CallFailed("The engine is not installed.")

    def on_audio(self, audio: CallerAudio) -> None: ...
'''
