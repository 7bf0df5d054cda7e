"""Servers that speak OpenAI's protocol, with what they leave out, and a whole one with tools (the loopback Mistral speaks it too)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import Until
from voicegraph.frames import Turn
from voicegraph.processors.openai_agent import OpenaiAgent
from voicegraph.testing.mistral import Closed, Delays, Faults, MistralServer, Opened, Request, Script
from voicegraph.testing.runner import OneNode

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]
QUICK = Delays(first_token=0.0, per_token=0.0)
PACED = Delays(first_token=0.0, per_token=0.01)
"""What was sent has arrived before the next piece, or before the connection is reset."""


async def weather(town: str) -> str:
    """What the weather is like."""
    return f"Sunny in {town}."


@asynccontextmanager
async def agent(base_url: str, **options: Any) -> AsyncIterator[OneNode]:
    tools = {"weather": {"call": weather, "effects": False}}
    async with OneNode(OpenaiAgent, {"base_url": base_url, "model": "small", "tools": tools, **options}) as node:
        yield node


async def ask(node: OneNode) -> str:
    node.give("turns", Turn(epoch=node.begin(), text="Weather?"))
    await node.settle()
    return "".join(frame.text for frame in node.sent("reply"))


def stream(*deltas: Any, finish: str | None = "stop", done: bool = True) -> str:
    """The body of a streamed completion."""
    choices: list[Any] = [{"index": 0, "delta": delta} for delta in deltas]
    if finish:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    blocks = [f"data: {json.dumps({'choices': [choice]})}\n\n" for choice in choices]
    return "".join([*blocks, *(["data: [DONE]\n\n"] if done else [])])


def call(*fragments: Any) -> Any:
    return {"tool_calls": list(fragments)}


NAMED = {"index": 0, "id": "a", "type": "function", "function": {"name": "weather", "arguments": ""}}
NO_COMPLETIONS = ("{}", "[" * 100_000, '{"choices":[{"message":null}]}', '{"choices":[{"message":"text"}]}', '{"choices":[null]}')
ANSWER = stream({"content": "All is well."})


@pytest.mark.parametrize(
    "first",
    [
        stream(call(NAMED), call({"index": 0, "function": {"arguments": '{"town": '}}), call({"index": 0, "function": {"arguments": '"Paris"}'}})),
        stream(call({"id": "a", "function": {"name": "weather", "arguments": '{"town": "Paris"}'}}), finish="tool_calls", done=False),
        stream(call({"function": {"name": "weather", "arguments": {"town": "Paris"}}}), finish=None, done=False),
        stream(
            {"content": None, "role": "assistant"}, call({"index": 0, "id": "a", "function": {"name": "weather", "arguments": '{"town":"Paris"}'}})
        ),
    ],
    ids=["fragments", "no-index-no-done", "object-no-finish", "null-content"],
)
async def test_calls_are_understood_as_servers_write_them(serve: Serve, first: str) -> None:
    bodies, asked = [first, ANSWER], list[dict[str, Any]]()

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.Response(text=bodies.pop(0), content_type="text/event-stream")

    async with agent(await serve(answer)) as node:
        assert await ask(node) == "All is well."
    assert asked[1]["messages"][-1]["content"] == "Sunny in Paris."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (stream({"content": "One "}, {"content": "two."}, finish=None), "One two."),
        (stream({"content": "One "}, {"content": "two."}, finish=None, done=False), "One two."),
        (stream({"content": [{"type": "text", "text": "One "}, {"type": "text", "text": "two."}]}), "One two."),
        (stream({"reasoning_content": "Hm."}, {"content": "One two."}), "One two."),
        (": ping\n\nevent: x\n" + stream({"content": "One two."}) + 'data: {"choices": []}\n\n', "One two."),
    ],
    ids=["no-finish", "no-done", "list", "reasoning", "noise"],
)
async def test_text_is_understood_as_servers_write_it(serve: Serve, body: str, text: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/event-stream")

    async with agent(await serve(answer)) as node:
        assert await ask(node) == text


async def test_an_answer_that_is_not_streamed_is_taken_whole(serve: Serve) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": "All at once."}, "finish_reason": "stop"}]})

    async with agent(await serve(answer)) as node:
        assert await ask(node) == "All at once."


@pytest.mark.parametrize(
    ("status", "kind", "body", "sentence"),
    [
        (
            200,
            "text/event-stream",
            'data: {"error": {"message": "overloaded"}}\n\n',
            "The agent's server reported an error in the middle of its answer.",
        ),
        (200, "text/event-stream", "", "The agent's server's answer broke off in the middle."),
        *((200, "application/json", body, "The agent's server answered with something that is no chat completion.") for body in NO_COMPLETIONS),
        *(
            (200, "text/event-stream", f"data: {body}\n\n", "no chat completion.")
            for body in ('{"choices":[null]}', '{"choices":[{"delta":"text"}]}')
        ),
        (401, "application/json", "{}", "The agent's server refused the key: check api_key and headers."),
        (404, "application/json", '{"error": {"message": "model not found"}}', "knows no such address, model or id"),
        (400, "text/html", "<html>", "The agent's server refused the request (status 400)."),
        (400, "application/json", "[" * 100_000, "The agent's server refused the request (status 400)."),
    ],
)
async def test_what_goes_wrong_is_said_in_words(serve: Serve, status: int, kind: str, body: str, sentence: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    async with agent(await serve(answer)) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Weather?"))
        assert sentence in await node.session.wait()


@pytest.mark.parametrize("faults", [Faults(first=1, drop_after=0), Faults(first=2, drop_after=1), Faults(first=1, close_after=0)])
async def test_an_answer_that_is_lost_before_its_first_words_is_asked_for_again(faults: Faults) -> None:
    async with MistralServer(Script(replies=["One two."]), QUICK, faults) as server, agent(f"{server.url}/v1") as node:
        assert await ask(node) == "One two."
        assert faults.first is not None
        assert len(server.log.of(Request)) == faults.first + 1


async def test_an_answer_that_is_lost_later_fails_and_is_not_said_twice() -> None:
    async with MistralServer(Script(replies=["One two three."]), PACED, Faults(drop_after=2)) as server, agent(f"{server.url}/v1") as node:
        assert await ask(node) == "One"
        assert (await node.session.wait()).startswith("The connection to the agent's server was lost")
        assert len(server.log.of(Request)) == 1


async def test_the_request_is_what_the_options_say() -> None:
    async with MistralServer(Script(replies=["Yes."]), QUICK, api_key="key") as server:
        async with agent(f"{server.url}/v1/", api_key="key", temperature=0.5, extra={"seed": 7}, instructions="Be kind.") as node:
            assert await ask(node) == "Yes."
        body = server.log.of(Request)[0].body
    assert body.items() >= {"model": "small", "temperature": 0.5, "seed": 7, "stream": True, "tool_choice": "auto"}.items()
    assert "max_tokens" not in body
    assert body["messages"][0] == {"role": "system", "content": "Be kind."}


async def test_each_try_and_the_reply_that_failed_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")
    async with MistralServer(Script(), QUICK, Faults(status=503)) as server, agent(f"{server.url}/v1", api_key="private") as node:
        await ask(node)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("voicegraph")]
    assert told == [
        *(f"POST 127.0.0.1: status 503, request chat-{number}" for number in range(3)),
        "call test: a reply failed at 'node': The agent's server has a problem of its own (status 503).",
    ]


async def test_a_lost_answer_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")
    async with MistralServer(Script(replies=["Yes."]), QUICK, Faults(first=1, close_after=1)) as server, agent(f"{server.url}/v1") as node:
        assert await ask(node) == "Yes."
    assert "an answer was lost (BrokeOff), and is asked for again in 0.15 s" in caplog.text


async def test_an_interruption_closes_the_stream(until: Until) -> None:
    slowly = Delays(first_token=0.0, per_token=10.0)
    async with MistralServer(Script(replies=["One two three."]), slowly) as server, agent(f"{server.url}/v1") as node:
        node.give("turns", Turn(epoch=node.begin(), text="Weather?"))
        await server.wait_for(Opened)
        await until(lambda: bool(node.sent("reply")))
        node.drop()
        closed = await server.wait_for(Closed)
    assert (closed.by, closed.finished) == ("client", False)
