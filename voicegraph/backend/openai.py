"""Chat completions of any server that speaks OpenAI's protocol: OpenAI, vLLM, Ollama, Groq, llama.cpp.

What they leave out is forgiven: `[DONE]`, `finish_reason`, the index or the id of a call's fragments, and streaming itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voicegraph.backend.requests import WHO, opened
from voicegraph.backend.settings import ServerSettings
from voicegraph.core.toolcalls import Assembly, ToolCall
from voicegraph.errors import ReplyFailed
from voicegraph.mistral.chat import patiently
from voicegraph.mistral.streams import chat_parts, text_in

if TYPE_CHECKING:
    import httpx2


def completion(http: httpx2.AsyncClient, server: ServerSettings, body: Mapping[str, Any]) -> AsyncGenerator[str | ToolCall, None]:
    """The text in pieces, and at the end the tools that the model calls. Leaving it early closes the connection. Raises as `requests` does."""
    opening = opened(http, f"{server.base_url}/chat/completions", server.sent(), {**body, "stream": True})
    return patiently(server.first_token, opening, _read)


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
        message = response.json()["choices"][0]["message"]
    except (ValueError, LookupError, TypeError) as problem:
        raise ReplyFailed(f"{WHO} answered with something that is no chat completion.") from problem
    assembly = Assembly()
    assembly.take(message.get("tool_calls"))
    return [*filter(None, [text_in(message.get("content"))]), *assembly.calls()]
