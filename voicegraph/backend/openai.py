"""Chat completions of any server that speaks OpenAI's protocol: OpenAI, vLLM, Ollama, Groq, llama.cpp.

What they leave out is forgiven: `[DONE]`, `finish_reason`, the index or the id of a call's fragments, and streaming itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voicegraph.backend.requests import WHO, opened
from voicegraph.backend.settings import ServerSettings
from voicegraph.core.retrying import Retries
from voicegraph.core.toolcalls import Assembly, ToolCall
from voicegraph.errors import ReplyFailed
from voicegraph.mistral.answers import choice_in, parsed
from voicegraph.mistral.chat import patiently
from voicegraph.mistral.requests import Opened
from voicegraph.mistral.streams import chat_parts

if TYPE_CHECKING:
    import httpx2


def completion(
    http: httpx2.AsyncClient, server: ServerSettings, body: Mapping[str, Any], *, replaceable: bool
) -> AsyncGenerator[str | ToolCall, None]:
    """The text in pieces, and at the end the tools that the model calls. One whose stream is lost before there is any of it is asked for again.

    Leaving it early closes the connection. replaceable: a stand-in waits to take over. Raises as `requests` does."""

    def open() -> Awaitable[Opened]:
        return opened(http, f"{server.base_url}/chat/completions", server.sent(), {**body, "stream": True})

    return patiently(server.first_token, open, _read, Retries(replaceable))


async def _read(response: httpx2.Response) -> AsyncGenerator[str | ToolCall, None]:
    if "json" in response.headers.get("content-type", ""):
        await response.aread()
        for part in _whole(response):
            yield part
        return
    async with aclosing(chat_parts(response, WHO, strict=False)) as parts:
        async for part in parts:
            yield part


def _whole(response: httpx2.Response) -> list[str | ToolCall]:
    """An answer that is not streamed, as some servers give it when there are tools."""
    try:
        message = choice_in(parsed(response.content), WHO).message
    except ValueError:
        message = None
    if message is None:
        raise ReplyFailed(f"{WHO} answered with something that is no chat completion.")
    assembly = Assembly()
    assembly.take(message.tool_calls)
    return [*filter(None, [message.text()]), *assembly.calls()]
