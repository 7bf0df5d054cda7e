"""Chat on loopback, with the client of the SDK as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx2
import pytest
from mistralai.client import Mistral, errors
from mistralai.client.utils import BackoffStrategy, RetryConfig
from mistralai.client.utils.eventstreaming import EventStreamAsync

from voicegraph.testing.mistral import Closed, Delays, Faults, MistralServer, Refused, Request, Script, Sent

ClientOf = Callable[..., Mistral]
Ask = Callable[..., Coroutine[Any, Any, EventStreamAsync[Any]]]

FAST = Delays(first_token=0.0, per_token=0.0)
ENDLESS = Delays(first_token=0.0, per_token=3600.0)
ASK: dict[str, Any] = {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Hello?"}]}


def server(delays: Delays = FAST, **options: Any) -> MistralServer:
    return MistralServer(Script(replies=["One and two.", "Three."]), delays, **options)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as client:
        yield client


@pytest.fixture
def ask(client_of: ClientOf) -> Ask:
    async def ask(at: MistralServer, **options: Any) -> EventStreamAsync[Any]:
        return await client_of(at.url, **options).chat.stream_async(**ASK)

    return ask


async def text_of(stream: EventStreamAsync[Any]) -> str:
    async with stream:
        return "".join([event.data.choices[0].delta.content async for event in stream])


async def test_a_reply_comes_word_by_word(ask: Ask) -> None:
    async with server() as at:
        async with await ask(at) as stream:
            chunks = [event.data async for event in stream]
        assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "One", " and", " two.", ""]
        assert chunks[0].choices[0].delta.role == "assistant"
        assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, None, "stop"]
        assert chunks[-1].usage.completion_tokens == 3
        assert len({chunk.id for chunk in chunks}) == 1
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("server", True)
        assert at.log.of(Request)[0].body["messages"] == ASK["messages"]


async def test_a_reply_may_come_whole(client_of: ClientOf) -> None:
    async with server() as at:
        answer = await client_of(at.url).chat.complete_async(**ASK)
        assert answer.choices[0].message is not None
        assert answer.choices[0].message.content == "One and two."
        assert answer.choices[0].finish_reason == "stop"
        assert at.log.of(Closed)[0].finished


async def test_each_request_gets_the_next_reply_and_then_they_start_over(ask: Ask) -> None:
    async with server() as at:
        assert [await text_of(await ask(at)) for _ in range(3)] == ["One and two.", "Three.", "One and two."]


async def test_a_reply_may_depend_on_the_messages(ask: Ask) -> None:
    async with MistralServer(Script(replies=lambda messages: f"You said {messages[-1]['content']}"), FAST) as at:
        assert await text_of(await ask(at)) == "You said Hello?"


@pytest.mark.parametrize("reply", ["", " two  spaces ", "line\none", "a|b"])
async def test_no_character_of_a_reply_is_lost(ask: Ask, reply: str) -> None:
    async with MistralServer(Script(replies=[reply]), FAST) as at:
        assert await text_of(await ask(at)) == reply


async def test_a_stream_that_the_client_leaves_is_seen_at_once_though_nothing_is_being_sent(ask: Ask) -> None:
    async with server(ENDLESS) as at:
        async with await ask(at) as stream:
            await anext(stream)
            await at.wait_for(Sent, count=2)
            assert at.open_streams == 1
            left = asyncio.get_running_loop().time()
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("client", False)
        assert closed.t >= left
        assert at.open_streams == 0


async def test_a_request_that_is_cancelled_before_its_first_token_is_seen_too(ask: Ask) -> None:
    async with server(Delays(first_token=3600.0)) as at:
        asking = asyncio.create_task(ask(at))
        await at.wait_for(Request)
        asking.cancel()
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("client", False)


@pytest.mark.parametrize(
    ("status", "message"), [(401, "Unauthorized"), (429, "Rate limit exceeded"), (500, "Internal server error"), (418, "Request failed")]
)
async def test_errors_have_the_shape_that_the_sdk_reads(ask: Ask, status: int, message: str) -> None:
    async with server(faults=Faults(status=status)) as at:
        with pytest.raises(errors.SDKError, match=message) as caught:
            await ask(at)
        assert caught.value.status_code == status
        assert [refused.status for refused in at.log.of(Refused)] == [status]
        assert not at.log.of(Closed)


async def test_a_wrong_key_is_refused(ask: Ask) -> None:
    async with server(api_key="the right one") as at:
        with pytest.raises(errors.SDKError, match="401"):
            await ask(at)
        assert await text_of(await ask(at, key="the right one")) == "One and two."


async def test_a_client_that_retries_gets_through_when_only_the_first_requests_are_struck(ask: Ask) -> None:
    retries = RetryConfig("backoff", BackoffStrategy(1, 10, 1.0, 5000, jitter_ms=0), True)
    async with server(faults={"chat": Faults(status=429, retry_after=0.01, first=2)}) as at:
        assert await text_of(await ask(at, retry_config=retries)) == "One and two."
        assert len(at.log.of(Request)) == 3


async def test_faults_may_change_while_the_server_runs(ask: Ask) -> None:
    async with server() as at:
        at.set_faults({"chat": Faults(status=500, first=1)})
        with pytest.raises(errors.SDKError):
            await ask(at)
        await text_of(await ask(at))
        at.set_faults(Faults(status=500))
        with pytest.raises(errors.SDKError):
            await ask(at)


async def test_a_missing_field_is_a_validation_error(http: httpx2.AsyncClient) -> None:
    async with server() as at:
        answer = await http.post(f"{at.url}/v1/chat/completions", json={"model": "m"})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "messages"])


@pytest.mark.parametrize("body", ["no JSON", "[]"])
async def test_a_body_that_is_no_object_is_a_bad_request(http: httpx2.AsyncClient, body: str) -> None:
    async with server() as at:
        assert (await http.post(f"{at.url}/v1/chat/completions", content=body)).status_code == 400


async def test_a_stream_may_end_early_in_good_form(ask: Ask) -> None:
    async with server(faults=Faults(close_after=2)) as at:
        assert await text_of(await ask(at)) == "One"
        assert (await at.wait_for(Closed)).finished is False


async def test_the_line_may_drop_in_mid_stream(ask: Ask) -> None:
    async with server(faults=Faults(drop_after=2)) as at:
        with pytest.raises(httpx2.TransportError):
            await text_of(await ask(at))
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("server", False)


async def test_the_line_may_drop_before_the_answer(ask: Ask) -> None:
    async with server(faults=Faults(drop_after=0)) as at:
        with pytest.raises(httpx2.TransportError):
            await ask(at)


async def test_an_answer_may_never_come(ask: Ask) -> None:
    async with server(faults=Faults(stall_after=0)) as at:
        with pytest.raises(httpx2.TimeoutException):
            await ask(at, timeout_ms=200)
        assert (await at.wait_for(Closed)).by == "client"


async def test_a_stream_may_stall(ask: Ask) -> None:
    async with server(faults=Faults(stall_after=2)) as at:
        with pytest.raises(httpx2.TimeoutException):
            await text_of(await ask(at, timeout_ms=200))


async def test_an_answer_may_be_late(ask: Ask) -> None:
    async with server(faults=Faults(late=3600.0)) as at:
        with pytest.raises(httpx2.TimeoutException):
            await ask(at, timeout_ms=200)


@pytest.mark.parametrize("faults", [Faults(error_after=2), Faults(noise=('{"id": 1}',)), Faults(noise=("no JSON",))], ids=["error", "keys", "json"])
async def test_what_is_no_chunk_in_the_stream_is_a_response_validation_error(ask: Ask, faults: Faults) -> None:
    async with server(faults=faults) as at:
        with pytest.raises(errors.ResponseValidationError):
            await text_of(await ask(at))


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(error_after=0), errors.SDKError),
        (Faults(drop_after=0), httpx2.TransportError),
        (Faults(stall_after=0), httpx2.TimeoutException),
        (Faults(close_after=0), errors.MistralError),
    ],
    ids=["error", "drop", "stall", "close"],
)
async def test_a_whole_answer_can_fail_too(client_of: ClientOf, faults: Faults, error: type[Exception]) -> None:
    async with server(faults=faults) as at:
        with pytest.raises(error):
            await client_of(at.url, timeout_ms=200).chat.complete_async(**ASK)
        assert (await at.wait_for(Closed)).finished is False


async def test_a_connection_whose_body_was_read_to_its_end_is_used_again(http: httpx2.AsyncClient) -> None:
    async with server() as at:
        ports = set()
        for _ in range(2):
            async with http.stream("POST", f"{at.url}/v1/chat/completions", json={**ASK, "stream": True}) as answer:
                lines = [line async for line in answer.aiter_lines()]
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            assert lines[-2:] == ["data: [DONE]", ""]
        assert len(ports) == 1
