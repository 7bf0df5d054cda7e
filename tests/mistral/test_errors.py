"""What a caller is told, for each way in which the real client fails against a server that misbehaves."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest
from mistralai.client import Mistral
from mistralai.client.models import UserMessage
from mistralai.client.utils import BackoffStrategy, RetryConfig

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.mistral.errors import Trouble, explain, failures, plainly
from voicegraph.testing.mistral import Faults, MistralServer

NO_RETRIES = RetryConfig("none", BackoffStrategy(1, 1, 1, 1), False)


@pytest.fixture
async def server() -> AsyncIterator[MistralServer]:
    async with MistralServer() as server:
        yield server


class MakeClient(Protocol):
    def __call__(self, url: str, timeout_ms: int | None = None) -> Mistral: ...


@pytest.fixture
async def client() -> AsyncIterator[MakeClient]:
    async with AsyncExitStack() as clients:

        def make(url: str, timeout_ms: int | None = None) -> Mistral:
            sdk = Mistral(api_key="key", server_url=url, retry_config=NO_RETRIES, timeout_ms=timeout_ms)
            clients.push_async_exit(sdk)
            return sdk

        yield make


async def trouble_of(request: Any) -> Trouble:
    with pytest.raises(failures()) as caught:
        await request
    return explain(caught.value)


def chat(sdk: Mistral) -> Any:
    return sdk.chat.stream_async(model="mistral-small-latest", messages=[UserMessage(content="Hello")])


@pytest.mark.parametrize(
    ("status", "words", "lasting"),
    [
        (401, "refused the key", True),
        (403, "refused the key", True),
        (404, "no such model", True),
        (422, "refused the request", True),
        (429, "rate limit", False),
        (500, "status 500", False),
        (503, "status 503", False),
    ],
)
async def test_a_refused_request(client: MakeClient, server: MistralServer, status: int, words: str, lasting: bool) -> None:
    server.set_faults(Faults(status=status))
    trouble = await trouble_of(chat(client(server.url)))
    assert words in trouble.sentence
    assert trouble.lasting is lasting


@pytest.mark.parametrize(("status", "words", "lasting"), [(401, "refused the key", True), (429, "rate limit", False), (503, "status 503", False)])
async def test_a_refused_websocket(client: MakeClient, server: MistralServer, status: int, words: str, lasting: bool) -> None:
    server.set_faults(Faults(status=status))
    audio = client(server.url).audio
    for connect in (audio.realtime.connect("voxtral-mini-transcribe-realtime-3-0"), audio.realtime_speech.connect("voxtral-mini-tts-3-0")):
        trouble = await trouble_of(connect)
        assert words in trouble.sentence
        assert trouble.lasting is lasting


def nobody() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_is_not_there(client: MakeClient) -> None:
    sdk = client(nobody())
    for request in (chat(sdk), sdk.audio.realtime.connect("voxtral-mini-transcribe-realtime-3-0")):
        trouble = await trouble_of(request)
        assert "cannot be reached" in trouble.sentence
        assert not trouble.lasting


async def test_a_server_that_does_not_answer(client: MakeClient, server: MistralServer) -> None:
    server.set_faults(Faults(stall_after=0))
    trouble = await trouble_of(chat(client(server.url, timeout_ms=50)))
    assert "did not answer in time" in trouble.sentence


async def test_a_voice_that_is_not_known(client: MakeClient, server: MistralServer) -> None:
    async def listen() -> None:
        connection = await client(server.url).audio.realtime_speech.connect("voxtral-mini-tts-3-0", voice_id="nobody")
        async for _ in connection.events():
            pass

    trouble = await trouble_of(listen())
    assert trouble.sentence == "Mistral refused the session: check the voice and the model. It says: Voice not found: nobody"
    assert trouble.lasting


async def test_a_connection_that_is_dropped(client: MakeClient, server: MistralServer) -> None:
    async def listen() -> None:
        connection = await client(server.url).audio.realtime.connect("voxtral-mini-transcribe-realtime-3-0")
        async for _ in connection.events():
            pass

    server.set_faults(Faults(drop_after=1))
    trouble = await trouble_of(listen())
    assert trouble == Trouble("The connection to Mistral was lost.")


async def test_a_failure_becomes_the_asked_for_exception() -> None:
    with pytest.raises(CallFailed, match="cannot be reached"), plainly(CallFailed):
        raise ConnectionRefusedError


def test_what_has_a_sentence_already_keeps_it() -> None:
    assert explain(ReplyFailed("The voice is hoarse.")) == Trouble("The voice is hoarse.")


def test_what_is_not_the_provider_s_failure_passes() -> None:
    with pytest.raises(KeyError), plainly(ReplyFailed):
        raise KeyError("a mistake of ours")
