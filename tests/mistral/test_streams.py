import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from mistralai.client.models import UserMessage

from voicegraph.errors import BrokeOff, ReplyFailed
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.streams import chat_parts, speech_pieces
from voicegraph.testing.mistral import Faults, MistralServer, Opened, Script


class _Body(httpx2.AsyncByteStream):
    """A response's body, in the given chunks; then the connection may be reset."""

    def __init__(self, *chunks: bytes, reset: bool = False) -> None:
        self._chunks = chunks
        self._reset = reset

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._reset:
            raise httpx2.ReadError("reset")


def answer(*events: object, reset: bool = False) -> httpx2.Response:
    lines = "".join(f"data: {event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)}\n\n" for event in events)
    return httpx2.Response(200, stream=_Body(lines.encode(), reset=reset))


def delta(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, **more}]}


async def chat_text(response: httpx2.Response) -> str:
    return "".join([part async for part in chat_parts(response) if isinstance(part, str)])


async def test_the_pieces_of_an_answer() -> None:
    pieces = [part async for part in chat_parts(answer(delta("Hel"), delta("lo"), delta("", finish_reason="stop"), "[DONE]"))]
    assert pieces == ["Hel", "lo"]


@pytest.mark.parametrize(
    "events",
    [
        (delta("Hello"), "[DONE]"),
        (delta("Hello", finish_reason="stop"),),
        ({"choices": [{"delta": {"role": "assistant"}}]}, delta(None), delta("Hello"), {"choices": [], "usage": {}}, "[DONE]"),
        (delta([{"type": "text", "text": "Hello"}, {"type": "reference", "reference_ids": [1]}]), "[DONE]"),
        ({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "{"}}]}}]}, delta("Hello"), "[DONE]"),
        ("not json", "[1]", "[" * 100_000, delta("Hello"), "[DONE]"),
        (delta([{"type": "text", "text": None}]), delta("Hello"), "[DONE]"),
    ],
    ids=["no finish_reason", "no [DONE]", "empty deltas and usage", "chunks", "tool call without a name", "noise", "text that is null"],
)
async def test_what_compatible_servers_leave_out_or_add(events: tuple[object, ...]) -> None:
    assert await chat_text(answer(*events)) == "Hello"


async def test_lines_may_be_cut_anywhere_and_end_in_carriage_returns() -> None:
    body = "event: x\r\ndata:{}\r\n\r\n: a comment\r\ndata: {} \r\n\r\ndata: [DONE]\r\n\r\n".replace("{}", json.dumps(delta("é")))
    response = httpx2.Response(200, stream=_Body(*(bytes([byte]) for byte in body.encode())))
    assert await chat_text(response) == "éé"


async def test_a_line_separator_inside_of_json_is_text() -> None:
    assert await chat_text(answer(delta("one\u2028two\x85three"), "[DONE]")) == "one\u2028two\x85three"


@pytest.mark.parametrize(
    "event",
    [{"error": {"message": "overloaded"}}, {"object": "error", "message": "overloaded"}, {"type": "error", "error": {"message": "overloaded"}}],
)
async def test_an_error_inside_of_the_stream(event: dict[str, Any]) -> None:
    with pytest.raises(ReplyFailed, match="reported an error"):
        await chat_text(answer(delta("Hel"), event))


async def test_an_answer_that_breaks_off() -> None:
    with pytest.raises(BrokeOff, match="broke off"):
        await chat_text(answer(delta("Hel")))


@pytest.mark.parametrize("end", ["[DONE]", delta("", finish_reason="stop")])
async def test_a_connection_that_is_lost_after_the_answers_end_costs_nothing(end: object) -> None:
    assert await chat_text(answer(delta("Hello"), end, reset=True)) == "Hello"
    with pytest.raises(httpx2.ReadError):
        await chat_text(answer(delta("Hello"), reset=True))


async def test_an_event_that_makes_no_sense_fails_the_reply_in_plain_words() -> None:
    with pytest.raises(ReplyFailed, match=r"^Mistral answered with something that is no chat completion.$"):
        await chat_text(answer(delta("Hel"), {"choices": [{"delta": "what the caller said"}]}, "[DONE]"))


async def test_sound_that_breaks_off() -> None:
    with pytest.raises(ReplyFailed, match="broke off"):
        _ = [piece async for piece in speech_pieces(answer({"type": "speech.audio.delta", "audio_data": "AAAA"}))]


async def test_sound_is_decoded() -> None:
    events = ({"type": "speech.audio.delta", "audio_data": "AAAA"}, {"type": "speech.audio.done", "usage": {}})
    assert [piece async for piece in speech_pieces(answer(*events))] == [b"\0\0\0"]


@pytest.mark.parametrize("broken", [{}, {"audio_data": None}, {"audio_data": "A"}, {"audio_data": "\u00e9"}])
async def test_a_delta_without_sound_is_passed_over(broken: dict[str, Any]) -> None:
    delta = {"type": "speech.audio.delta"}
    events = (delta | broken, delta | {"audio_data": "AAAA"}, {"type": "speech.audio.done"})
    assert [piece async for piece in speech_pieces(answer(*events))] == [b"\0\0\0"]


async def test_one_connection_serves_answer_after_answer() -> None:
    async with MistralServer(Script(replies=["Hello there."])) as server:
        clients = MistralClients()
        sdk = clients.get("key", server.url)
        ports = set()
        for _ in range(3):
            async with await sdk.chat.stream_async(model="m", messages=[UserMessage(content="Hi")]) as stream:
                assert await chat_text(stream.response) == "Hello there."
                ports.add(stream.response.extensions["network_stream"].get_extra_info("client_addr"))
        assert len(ports) == 1
        assert len(server.log.of(Opened)) == 3
        await clients.close()


async def test_a_stream_that_ends_early_is_told_from_one_that_is_complete() -> None:
    async with MistralServer(Script(replies=["Hello there, friend."]), faults={"chat": Faults(close_after=2)}) as server:
        clients = MistralClients()
        async with await clients.get("key", server.url).chat.stream_async(model="m", messages=[UserMessage(content="Hi")]) as stream:
            with pytest.raises(ReplyFailed, match="broke off"):
                await chat_text(stream.response)
        await clients.close()
