"""Real MCP servers: a program that is started, and one that is reached over HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from mcp.server import MCPServer

from voicegraph.core.toolcalls import ToolCall
from voicegraph.errors import GraphError
from voicegraph.graph.host import Host
from voicegraph.graph.load import load
from voicegraph.processors.openai_agent import OpenaiAgent
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.runner import OneNode
from voicegraph.tools.mcp import CONNECT_LIMIT, WAIT_LIMIT, McpSettings, offers
from voicegraph.tools.toolbox import Toolbox

SERVER = '''
import os
from mcp.server import MCPServer

server = MCPServer("notes")

@server.tool()
def note(text: str) -> str:
    """Write a note."""
    return f"Noted: {text} ({os.environ.get('NOTES_KEY', 'no key')}, {os.environ.get('MISTRAL_API_KEY', 'nothing else')})"

@server.tool()
def count(words: list[str]) -> int:
    """Count words."""
    return len(words)

@server.tool()
def crash() -> str:
    """End this program."""
    os._exit(1)

server.run()
'''


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with Host() as host:
        yield host


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    path = tmp_path / "notes.py"
    path.write_text(SERVER)
    return [sys.executable, str(path)]


async def box(host: Host, **options: Any) -> Toolbox:
    settings = McpSettings.model_validate(options)
    return Toolbox(await offers({"notes": settings}, host.shared))


def names(toolbox: Toolbox) -> list[str]:
    return [schema["function"]["name"] for schema in toolbox.schemas()]


async def test_a_program_is_started_and_its_tools_are_used(host: Host, program: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "s3cret")
    toolbox = await box(host, command=program, env={"NOTES_KEY": "k"})
    assert names(toolbox) == ["notes_note", "notes_count", "notes_crash"]
    assert toolbox.schemas()[0]["function"]["parameters"]["required"] == ["text"]
    assert await toolbox.run(ToolCall("1", "notes_note", '{"text": "milk"}')) == "Noted: milk (k, nothing else)"
    assert await toolbox.run(ToolCall("2", "notes_count", '{"words": ["a", "b"]}')) == "2"
    assert (await toolbox.run(ToolCall("3", "notes_count", '{"words": 1}'))).startswith("Failed. ")


async def test_only_the_tools_that_the_graph_names_are_offered(host: Host, program: list[str]) -> None:
    assert names(await box(host, command=program, tools=["count"])) == ["notes_count"]


async def test_all_calls_share_a_session_and_a_lost_one_is_opened_anew(host: Host, program: list[str]) -> None:
    toolbox = await box(host, command=program)
    assert names(await box(host, command=program)) == names(toolbox)
    assert (await toolbox.run(ToolCall("1", "notes_crash", "{}"))).startswith("Failed. ")
    assert await toolbox.run(ToolCall("2", "notes_count", '{"words": []}')) == "0"


async def test_a_server_that_is_not_there_leaves_the_others(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    assert names(await box(host, command=["/there/is/no/such/program"])) == []
    assert "'notes' is not there" in caplog.text


@pytest.fixture
def silent() -> Iterator[dict[str, Any]]:
    """Servers that accept a connection and say nothing."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        yield {f"shop{place}": {"url": f"http://127.0.0.1:{each.getsockname()[1]}/mcp"} for place, each in enumerate(sockets)}


def test_a_call_goes_on_without_the_tools_of_servers_that_say_nothing(silent: dict[str, Any]) -> None:
    async def main() -> None:
        async with OneNode(OpenaiAgent, {"base_url": "http://127.0.0.1:1", "model": "small", "mcp": silent}) as node:
            assert node.session.now() == WAIT_LIMIT  # all of them are asked at once

    run_virtual(main())


def test_one_call_waits_for_a_silent_server_and_the_next_do_not_until_it_is_tried_anew(silent: dict[str, Any]) -> None:
    async def main() -> None:
        settings = {name: McpSettings.model_validate(each) for name, each in silent.items()}
        loop, waited = asyncio.get_running_loop(), list[float]()
        async with Host() as host:
            for pause in (0.0, 0.0, 1.0, CONNECT_LIMIT):
                await asyncio.sleep(pause)
                began = loop.time()
                assert await offers(settings, host.shared) == []
                waited.append(loop.time() - began)
        assert waited == [WAIT_LIMIT, 0, 0, WAIT_LIMIT]

    run_virtual(main())


async def test_a_server_over_http_gets_the_headers(host: Host) -> None:
    server = MCPServer("notes")
    seen: list[str] = []

    @server.tool()
    async def hello(who: str) -> str:
        """Greet."""
        return f"Hello {who}."

    app = server.streamable_http_app()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(value.decode() for name, value in scope.get("headers", ()) if name == b"x-key")
        await app(scope, receive, send)

    serving = uvicorn.Server(uvicorn.Config(noting, host="127.0.0.1", port=0, log_level="critical"))
    task = asyncio.create_task(serving.serve())
    async with asyncio.timeout(10):
        while not serving.started:  # noqa: ASYNC110  # uvicorn tells nobody
            await asyncio.sleep(0.01)
    port = serving.servers[0].sockets[0].getsockname()[1]
    toolbox = await box(host, url=f"http://127.0.0.1:{port}/mcp", headers={"X-Key": "k"})
    assert await toolbox.run(ToolCall("1", "notes_hello", '{"who": "you"}')) == "Hello you."
    assert set(seen) == {"k"}
    await host.close()
    serving.should_exit = True
    await task


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("mcp: {notes: {}}", "a server has either command: or url:"),
        ("mcp: {notes: {command: [x], url: 'https://x.example'}}", "a server has either command: or url:"),
        ("mcp: {notes: {command: [x], env: {API_KEY: abc}}}", "is a secret, and this file is no place for it"),
        ("mcp: {my_notes: {command: [x]}}", "'agent.mcp"),
        (
            "{mcp: {notes: {command: [x]}}, tools: {notes_add: {about: x, http: {url: 'https://x.example'}}}}",
            "the tool 'notes_add' is named like those of the MCP server 'notes': call one of them otherwise",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, options: str, sentence: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: voxtral\nnodes:\n  agent: {options if options.startswith('{') else '{' + options + '}'}\n")
    with pytest.raises(GraphError) as problem:
        load(path, environ=os.environ)
    assert sentence in str(problem.value)
