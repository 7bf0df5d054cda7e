from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiohttp import web

from tests.conftest import Until
from voicegraph.backend.service import Registrations
from voicegraph.backend.settings import ServerSettings
from voicegraph.frames import Heard, Turn
from voicegraph.processors.backend_agent import BackendAgent
from voicegraph.testing.runner import OneNode

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]
PAGE = Path(__file__).parents[2] / "docs" / "assistants" / "backend.md"


class Service:
    """A backend: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.registrations = 0
        self.known = True
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._whole

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization", ""))
        if request.path == "/v1/register":
            self.registrations += 1
            self.known = True
            return web.json_response({"id": f"id-{self.registrations}"})
        self.asked.append(await request.json())
        return await self.answer(request) if self.known else web.Response(status=410)

    async def _whole(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"text": "Hello there."})


@pytest.fixture
def service() -> Service:
    return Service()


@asynccontextmanager
async def agent(serve: Serve, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], **options: Any) -> AsyncIterator[OneNode]:
    async with OneNode(BackendAgent, {"base_url": await serve(handler), **options}) as node:
        yield node


async def ask(node: OneNode, text: str = "Hello?", **more: Any) -> str:
    before = len(node.sent("reply"))
    node.give("turns", Turn(epoch=node.begin(), text=text, **more))
    await node.settle()
    node.drop("finished")
    return "".join(frame.text for frame in node.sent("reply")[before:])


async def test_what_another_agents_tools_did_is_not_told(serve: Serve, service: Service) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": "{}"}}
    did = [{"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "name": "book", "content": "Done."}]
    memory = [{"caller": "Book a table.", "agent": "It is booked.", "cut": False, "did": did}]
    async with OneNode(BackendAgent, {"base_url": await serve(service.handle)}, memory=memory) as node:
        await ask(node, "When?")
    assert service.asked[0]["history"] == [{"role": "user", "content": "Book a table."}, {"role": "assistant", "content": "It is booked."}]


async def test_it_registers_once_and_tells_what_was_said(serve: Serve, service: Service) -> None:
    async with agent(serve, service.handle, api_key="key") as node:
        assert await ask(node, "Hello?", language="fr") == "Hello there."
        node.give("playout", Heard(reply=1, text="Hello", samples=9000, rate=24000, finished=False, why="interrupted"))
        await asyncio.sleep(0)
        await ask(node, "Wait", interrupted=True)
    first, second = service.asked
    assert first == {"id": "id-1", "session": "test", "text": "Hello?", "why": "words", "language": "fr", "interrupted": False, "history": []}
    assert second["history"] == [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello"}]
    assert second["interrupted"]
    assert (service.registrations, set(service.keys)) == (1, {"Bearer key"})


async def test_an_id_that_is_not_known_any_more_is_renewed_once(serve: Serve, service: Service) -> None:
    async with agent(serve, service.handle) as node:
        await ask(node)
        service.known = False
        assert await ask(node) == "Hello there."
    assert [asked["id"] for asked in service.asked] == ["id-1", "id-1", "id-2"]


async def test_an_id_of_the_graph_is_used_as_it_is(serve: Serve, service: Service) -> None:
    async with agent(serve, service.handle, id="mine") as node:
        await ask(node)
    assert (service.registrations, service.asked[0]["id"]) == (0, "mine")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{\n  "text": "One. Two."\n}'),
        ("application/x-ndjson", '{"text": "One. "}\n\n{"text": "Two."}\n{}\n'),
        ("application/x-ndjson", '{"text": "One. "}\n{"text": "Two."}'),
        (
            "text/event-stream",
            ': hello\nevent: text\nid: 1\ndata: {"text": "One. "}\n\ndata:{"text": "Two."}\n\ndata: [DONE]\n\ndata: {"text": "No."}\n\n',
        ),
    ],
)
async def test_an_answer_may_be_whole_or_streamed_in_two_forms(serve: Serve, service: Service, kind: str, body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type=kind)

    service.answer = answer
    async with agent(serve, service.handle) as node:
        assert await ask(node) == "One. Two."


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, "", "The agent's server refused the key: check api_key and headers."),
        (422, '{"detail": "no text"}', "The agent's server refused the request (status 422). It says: no text"),
        (
            422,
            '{"detail": [{"loc": ["body", "text"], "msg": "too long", "input": "Hello?"}]}',
            "The agent's server refused the request (status 422). It says: body.text: too long",
        ),
        (200, '{"error": "out of ideas"}', "The agent's server reported an error. It says: out of ideas"),
        (200, '{"error": {"message": "out of ideas", "code": 7}}', "The agent's server reported an error. It says: out of ideas"),
        (200, '{"error": {"input": "Hello?"}}', "The agent's server reported an error."),
        (200, '{"text": 5}', "The agent's server answered with something that has no text."),
        (200, "[" * 100_000, "The agent's server answered with something that has no text."),
        (200, "", "The agent's server's answer broke off before it began."),
        (200, "<html>", "The agent's server answered with something that has no text."),
    ],
)
async def test_what_goes_wrong_is_said_in_words(serve: Serve, service: Service, status: int, body: str, sentence: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    service.answer = answer
    async with agent(serve, service.handle) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        assert await node.session.wait() == sentence


DETAIL = [
    {
        "type": "string_too_long",
        "loc": ["body", "text"],
        "msg": "String should have at most 4 characters",
        "input": "My PIN is 4711.",
        "ctx": {"max_length": 4},
    }
]
"""How FastAPI refuses what it is sent."""


@pytest.mark.parametrize(("status", "key"), [(422, "detail"), (200, "error"), (400, "error")])
async def test_a_refusal_is_told_without_the_words_that_it_quotes(serve: Serve, service: Service, status: int, key: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({key: DETAIL}, status=status)

    service.answer = answer
    async with agent(serve, service.handle) as node:
        node.give("turns", Turn(epoch=node.begin(), text="My PIN is 4711."))
        sentence = await node.session.wait()
    assert "body.text: String should have at most 4 characters" in sentence
    assert "4711" not in sentence


async def test_a_server_that_does_not_register_keeps_no_other_waiting(serve: Serve, service: Service) -> None:
    async def stall(_: web.Request) -> web.Response:
        stalling.set()
        await asyncio.get_running_loop().create_future()
        return web.Response()

    stalling, known = asyncio.Event(), Registrations()
    good, bad, other = [ServerSettings(base_url=await serve(handler)) for handler in (service.handle, stall, service.handle)]
    async with asyncio.timeout(5), httpx2.AsyncClient() as http:
        assert await known.get(http, good) == "id-1"
        waiting = asyncio.create_task(known.get(http, bad))
        await stalling.wait()
        assert await known.get(http, good) == "id-1"
        assert await known.get(http, other) == "id-2"
        waiting.cancel()


async def test_calls_that_begin_at_once_register_once(serve: Serve, service: Service) -> None:
    known, server = Registrations(), ServerSettings(base_url=await serve(service.handle))
    async with httpx2.AsyncClient() as http:
        assert await asyncio.gather(*(known.get(http, server) for _ in range(3))) == ["id-1"] * 3
        assert await asyncio.gather(*(known.get(http, server, stale="id-1") for _ in range(3))) == ["id-2"] * 3


async def test_a_failure_is_in_the_log_by_its_id_and_without_what_was_said(serve: Serve, service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")

    async def answer(_: web.Request) -> web.Response:
        said = {"detail": "I do not like: private words"}
        return web.json_response(said, status=422, headers={"X-Request-Id": "req-77"})

    service.answer = answer
    async with agent(serve, service.handle, api_key="private key", id="private id") as node:
        node.give("turns", Turn(epoch=node.begin(), text="private words"))
        assert (await node.session.wait()).endswith("It says: I do not like: private words")  # the caller is told
    assert "POST 127.0.0.1: status 422, request req-77" in caplog.text
    assert "call test: a reply failed at 'node': The agent's server refused the request (status 422)." in caplog.text
    assert "private" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("voicegraph"))


async def test_a_server_that_is_not_there_is_said(serve: Serve) -> None:
    async with OneNode(BackendAgent, {"base_url": "http://127.0.0.1:1", "id": "x"}) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        assert await node.session.wait() == "The agent's server cannot be reached: check base_url, and that it is running."


async def test_a_passing_failure_is_tried_again(serve: Serve, service: Service) -> None:
    statuses = [503, 429, 200]

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"text": "At last."}, status=statuses.pop(0))

    service.answer = answer
    async with agent(serve, service.handle, id="x") as node:
        assert await ask(node) == "At last."


def streaming(lost: list[int], *pieces: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answers piece by piece. lost: in which try after how many pieces the connection is reset; later ones are well."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stream, until = web.StreamResponse(headers={"Content-Type": "text/event-stream"}), lost.pop(0) if lost else len(pieces) + 1
        for index, piece in enumerate((*pieces, "")):
            if index == until:
                assert request.transport is not None
                request.transport.abort()
                break
            if index == 0:
                await stream.prepare(request)
            await stream.write(f"data: {json.dumps({'text': piece})}\n\n".encode())
            await asyncio.sleep(0.01)  # on its way before the reset
        return stream

    return answer


async def test_an_answer_that_is_lost_before_its_first_words_is_asked_for_again(serve: Serve, service: Service) -> None:
    service.answer = streaming([0, 0], "One ", "two.")
    async with agent(serve, service.handle, id="x") as node:
        assert await ask(node) == "One two."
    assert len(service.asked) == 3


async def test_an_answer_that_is_lost_later_fails_and_is_not_said_twice(serve: Serve, service: Service) -> None:
    service.answer = streaming([1], "One ", "two.")
    async with agent(serve, service.handle, id="x") as node:
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        assert (await node.session.wait()).startswith("The connection to the agent's server was lost")
        assert "".join(frame.text for frame in node.sent("reply")) == "One "
    assert len(service.asked) == 1


async def test_a_server_that_stays_silent_is_given_up(serve: Serve, service: Service) -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.get_running_loop().create_future()
        return web.Response()

    service.answer = answer
    async with agent(serve, service.handle, first_token="50ms") as node:
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        assert await node.session.wait() == "The agent's server did not answer in time."


async def test_an_interruption_closes_the_stream_at_once(serve: Serve, service: Service, until: Until) -> None:
    closed = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b'data: {"text": "Once upon"}\n\n')
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            closed.set()
        return stream

    service.answer = answer
    async with agent(serve, service.handle) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        await until(lambda: bool(node.sent("reply")))
        node.drop()
        async with asyncio.timeout(1):
            await closed.wait()


async def test_the_server_of_the_page_is_one_that_works(serve: Serve) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 22
    names: dict[str, Any] = {"__name__": "agent"}
    exec(code, names)
    routes = {route.resource.canonical: route.handler for route in names["app"].router.routes()}

    async def handle(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await routes[request.path](request)
        return response

    async with agent(serve, handle) as node:
        assert await ask(node, "hello there") == "You said: hello there"
