"""The tools of MCP servers (Model Context Protocol, modelcontextprotocol.io), through its own SDK.

One session per server and process, which all calls share: a server that is a command takes a second to start, longer than a caller waits. So what
such a server keeps, it keeps for all callers. A session that is lost is opened anew for the next call of a tool. One that is slow to open goes on
opening while calls do without its tools.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from voicegraph.clock import outside
from voicegraph.errors import ToolFailed
from voicegraph.graph.processor import Share
from voicegraph.graph.settings import ByLanguage, Duration, Header, Settings, revealed
from voicegraph.tools.http import WebAddress
from voicegraph.tools.offer import Arguments, Offer

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult, Tool

log = logging.getLogger(__name__)

CONNECT_LIMIT = 15.0
"""Seconds for starting a server, or reaching it. Then the next call tries anew."""
WAIT_LIMIT = 3.0
"""Seconds that a call's start waits for a server's tools: callers wait with it, and it has other things to do within `session.START_LIMIT`."""
LONGEST_NAME = 64
PAGES = 20
"""Of the list of tools that are read at most."""


class McpSettings(Settings):
    """A server with tools."""

    command: tuple[str, ...] = ()
    """The program to start, with its arguments, and to talk to over its standard input and output; paths from where voicegraph was started."""
    env: Mapping[str, Header] = Field(default_factory=dict)
    """Variables for that program; what is a key is written ${NAME}. Of this process's own it gets only the likes of PATH and HOME."""
    url: WebAddress | None = None
    """Instead of a command: the address of a server (Streamable HTTP)."""
    headers: Mapping[str, Header] = Field(default_factory=dict)
    """Sent to that address; what is a key is written ${NAME}."""
    tools: tuple[str, ...] = ()
    """Only these of its tools; by default all."""
    timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long each of them may take."""
    filler: ByLanguage = ""
    """What is said while one runs when nothing has been said yet; or one text for each language."""
    effects: bool = True
    """Whether any of them changes anything in the world."""

    @model_validator(mode="after")
    def _one_way(self) -> McpSettings:
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either command: or url:")
        return self


class McpServers:
    """The sessions of this process: `call.shared(McpServers)`."""

    def __init__(self) -> None:
        self._sessions: dict[object, _Session] = {}

    async def offers(self, name: str, settings: McpSettings, limit: float) -> list[Offer]:
        """What the server can do, each tool under `name_tool`; none, and a word in the log, when it cannot be had.

        limit: seconds. Of a server that has let one call wait so long already the others that come meanwhile expect nothing."""
        try:
            session = self._session(settings)
            async with asyncio.timeout_at(session.waited_for() + limit):
                tools = await session.tools()
        # Whatever a server, its start or the SDK raises: a call without its tools is better than none.
        except Exception as problem:  # noqa: BLE001
            log.warning("The MCP server '%s' is not there, and calls go on without its tools: %s", name, type(problem).__name__)
            return []
        wanted = [tool for tool in tools if not settings.tools or tool.name in settings.tools]
        if missing := set(settings.tools) - {tool.name for tool in tools}:
            log.warning("The MCP server '%s' has no tool %s", name, ", ".join(sorted(missing)))
        return [self._offer(name, settings, tool) for tool in wanted]

    def _offer(self, name: str, settings: McpSettings, tool: Tool) -> Offer:
        named = re.sub(r"[^A-Za-z0-9_-]", "_", f"{name}_{tool.name}")[:LONGEST_NAME]
        run = partial(self._run, settings, tool.name)
        return Offer(named, tool.description or tool.title or "", tool.input_schema, run, settings.timeout, settings.filler, settings.effects)

    async def _run(self, settings: McpSettings, tool: str, arguments: Arguments) -> str:
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED

        session = self._session(settings)
        try:
            with outside():
                return _text(await session.call(tool, arguments))
        except ToolFailed:
            raise
        except MCPError as problem:
            if problem.code != CONNECTION_CLOSED:
                raise ToolFailed(f"The server refused: {problem}"[:300]) from problem
            await session.close()
            raise ToolFailed("The connection to the tool's server was lost.") from problem
        # The SDK lets out what its transports raise; none of it says more than that the session is of no use.
        except Exception as problem:
            await session.close()
            raise ToolFailed("The connection to the tool's server was lost.") from problem

    def _session(self, settings: McpSettings) -> _Session:
        key = (settings.command, settings.url, *(tuple(revealed(given).items()) for given in (settings.env, settings.headers)))
        if key not in self._sessions or self._sessions[key].is_over:
            self._sessions[key] = _Session(settings)
        return self._sessions[key]

    async def close(self) -> None:
        """End every session and every program that was started for one."""
        sessions, self._sessions = self._sessions, {}
        await asyncio.gather(*(session.close() for session in sessions.values()))


class _Session:
    """One session, in a task of its own: the SDK wants it to be left by the task that entered it."""

    def __init__(self, settings: McpSettings) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._leave = asyncio.Event()
        self._client: asyncio.Future[Client] = self._loop.create_future()
        self._task = asyncio.create_task(self._live(settings))

    @property
    def is_over(self) -> bool:
        return self._task.done() or self._leave.is_set()

    def waited_for(self) -> float:
        """Since when whoever wants something now waits for it, in the loop's time: since it began to connect, or since now."""
        return self._loop.time() if self._client.done() else self._began

    async def ready(self) -> Client:
        """Raises what connecting raised."""
        return await asyncio.shield(self._client)

    async def tools(self) -> list[Tool]:
        client, found, cursor = await self.ready(), list[Any](), None
        for _ in range(PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return found

    async def call(self, tool: str, arguments: Arguments) -> CallToolResult:
        return await (await self.ready()).call_tool(tool, dict(arguments))

    async def close(self) -> None:
        self._leave.set()
        if not self._client.done():
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _live(self, settings: McpSettings) -> None:
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(CONNECT_LIMIT):
                    client = await stack.enter_async_context(await _client(settings, stack))
                self._client.set_result(client)
                await self._leave.wait()
        # Told to whoever waits for the session; when nobody does any more, it is over and the next use opens another.
        except BaseException as problem:  # noqa: BLE001
            if not self._client.done():
                self._client.set_exception(problem if isinstance(problem, Exception) else ToolFailed("The tool's server was closed."))
                self._client.exception()  # it is nobody's fault when no call waits for it


async def _client(settings: McpSettings, stack: AsyncExitStack) -> Client:
    import httpx2
    from mcp import Client, StdioServerParameters
    from mcp.client.streamable_http import streamable_http_client

    from voicegraph.requestlog import LoggedClient

    if settings.command:
        program, *arguments = settings.command
        env = revealed(settings.env)
        return Client(StdioServerParameters(command=program, args=arguments, env=env or None))
    assert settings.url is not None
    headers = revealed(settings.headers)
    http = await stack.enter_async_context(LoggedClient(headers=headers, timeout=httpx2.Timeout(30, read=300)))
    return Client(streamable_http_client(settings.url, http_client=http))


def _text(result: CallToolResult) -> str:
    """The text of a result; what is no text is named."""
    pieces = [str(part.text) if part.type == "text" else f"({part.type})" for part in result.content]
    text = "\n".join(pieces) or "Done."
    if result.is_error:
        raise ToolFailed(text)
    return text


async def offers(servers: Mapping[str, McpSettings], share: Share, limit: float = WAIT_LIMIT) -> list[Offer]:
    """The tools of all of these that can be had within `limit` seconds; none waits for another."""
    if not servers:
        return []
    shared = share(McpServers)
    found = await asyncio.gather(*(shared.offers(name, settings, limit) for name, settings in servers.items()))
    return [offer for each in found for offer in each]
