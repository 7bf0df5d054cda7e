"""The plain chat request is the SDK's own, byte for byte where it matters, and falls back to it where the SDK has moved."""

from __future__ import annotations

from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.chat import Chat
from mistralai.client.errors import SDKError
from mistralai.client.utils import BackoffStrategy, RetryConfig

from voicegraph.mistral import requests
from voicegraph.mistral.requests import fits, stream_chat
from voicegraph.mistral.streams import chat_parts
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Refused, Request, Script

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Ça va ?"}], "temperature": 0.3, "max_tokens": None}
QUICK = Delays(first_token=0.0, per_token=0.0)
SOON = RetryConfig("backoff", BackoffStrategy(10, 20, 1, 1000, jitter_ms=1), retry_connection_errors=True)


async def said(server: MistralServer, **options: Any) -> str:
    async with Mistral(api_key="key", server_url=server.url, **options) as sdk, await stream_chat(sdk.chat, BODY) as stream:
        return "".join([part async for part in chat_parts(stream.response) if isinstance(part, str)])


def server(faults: Faults = Faults()) -> MistralServer:  # noqa: B008
    return MistralServer(Script(replies=["Bien, merci."]), QUICK, faults, api_key="key")


def test_this_sdk_is_as_it_is_known() -> None:
    """Fails when the SDK moves: then look at `requests.py`, which falls back until it is mended."""
    with Mistral(api_key="key") as sdk:
        assert fits(sdk.chat)


@pytest.mark.parametrize("known", [True, False])
async def test_the_request_is_the_same_with_and_without_the_short_cut(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "fits", lambda chat: known)
    async with server() as running:
        assert await said(running) == "Bien, merci."
        [request] = running.log.of(Request)
    assert (request.body["model"], request.body["temperature"], request.body["stream"]) == ("m", 0.3, True)
    assert (request.body["messages"][0]["role"], request.body["messages"][0]["content"]) == ("user", "Ça va ?")
    assert request.body.get("max_tokens") is None


async def test_what_is_refused_has_its_status_and_the_services_own_words() -> None:
    async with server(Faults(status=404)) as running:
        with pytest.raises(SDKError) as caught:
            await said(running)
    assert caught.value.status_code == 404
    assert "Request failed" in caught.value.body


async def test_a_busy_service_is_asked_again() -> None:
    async with server(Faults(status=503, first=2)) as running:
        assert await said(running, retry_config=SOON) == "Bien, merci."
        assert len(running.log.of(Refused)) == 2


def test_an_sdk_that_has_moved_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Mistral(api_key="key") as sdk:
        monkeypatch.setattr(Chat, "_build_request_async", lambda self, method: None, raising=False)
        assert not fits(sdk.chat)
