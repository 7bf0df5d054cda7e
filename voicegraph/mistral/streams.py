"""Streamed HTTP answers, read line by line.

The SDK's own reader costs six times as much CPU and closes the connection at the end of each stream. These read the same response to its end, so
that it goes back into the pool, and they forgive what OpenAI-compatible servers leave out.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from voicegraph.core.toolcalls import Assembly, ToolCall
from voicegraph.errors import BrokeOff, ReplyFailed
from voicegraph.mistral.answers import Delta, choice_in, parsed

if TYPE_CHECKING:
    import httpx2

DRAIN_LIMIT = 0.2
"""Seconds to wait for the end of a body whose last event has come. It is nearly always there already; if not, the connection is given up."""


async def chat_parts(response: httpx2.Response, who: str = "Mistral", strict: bool = True) -> AsyncGenerator[str | ToolCall, None]:
    """A streamed chat completion: its text in pieces as they come, and at the end the tools that the model calls. Raises ReplyFailed, in the name of
    `who`, when the stream holds an error or what makes no sense, and BrokeOff when it breaks off.

    strict: an end without `finish_reason` or `[DONE]` is no end. Not every server that speaks the protocol sends them.
    """
    anything, assembly = False, Assembly()
    async with _Events(response, who=who) as events:
        async for event in events:
            choice = choice_in(event, who)
            delta = choice.delta or choice.message or Delta()
            events.complete = events.complete or bool(choice.finish_reason)
            anything = anything or bool(delta.content or delta.tool_calls)
            if text := delta.text():
                yield text
            assembly.take(delta.tool_calls)
        if not events.complete and (strict or not anything):
            raise BrokeOff(f"{who}'s answer broke off in the middle.")
    for call in assembly.calls():
        yield call


async def conversation_events(response: httpx2.Response) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a streamed conversation, as they are on the wire. Raises as `chat_parts` does."""
    async with _Events(response, last="conversation.response.done") as events:
        async for event in events:
            if event.get("type") == "conversation.response.error":
                raise ReplyFailed("Mistral reported an error in the middle of its answer.")
            yield event
        if not events.complete:
            raise BrokeOff("Mistral's answer broke off in the middle.")


async def speech_pieces(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    """The sound of a streamed speech answer, in pieces of any number of bytes. Raises as `chat_parts` does."""
    async with _Events(response, last="speech.audio.done") as events:
        async for event in events:
            if event.get("type") == "speech.audio.delta" and (piece := sound(event.get("audio_data"))):
                yield piece
        if not events.complete:
            raise BrokeOff("Mistral's voice broke off in the middle.")


class _Events:
    """The JSON objects of an event stream (WHATWG HTML, 9.2), up to `[DONE]` or the event of type `last`; what follows is drained."""

    def __init__(self, response: httpx2.Response, last: str = "", who: str = "Mistral") -> None:
        self._chunks = response.aiter_bytes()
        self._last = last
        self._who = who
        self.complete = False
        """Whether all has come that was to come: found out here or by the reader. What then becomes of the connection matters to nobody."""

    async def __aenter__(self) -> _Events:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._chunks.aclose()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        import httpx2

        try:
            async for line in lines(self._chunks):
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if over := data == b"[DONE]":
                    self.complete = True
                elif event := _event(data, self._who):
                    over = bool(self._last) and event.get("type") == self._last
                    self.complete = self.complete or over
                    yield event
                if over:
                    await self._drain()
                    return
        except httpx2.TransportError:
            if not self.complete:
                raise

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_LIMIT):
                async for _ in self._chunks:
                    pass
        except TimeoutError:
            return


async def lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Split at line feeds only: httpx2's `aiter_lines` also splits at U+2028 and its like, which may stand inside of JSON."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
    yield rest


def _event(data: bytes, who: str) -> dict[str, Any] | None:
    """One event; None for what is no JSON object. Raises ReplyFailed for an error, in the shape of Mistral, OpenAI or vLLM."""
    try:
        event = parsed(data)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    if event.get("error") or event.get("object") == "error" or event.get("type") == "error":
        raise ReplyFailed(f"{who} reported an error in the middle of its answer.")
    return event


def sound(data: Any) -> bytes:
    """A delta's sound, which travels as base64; nothing where it is none, so that the deltas after it can still be heard."""
    try:
        return base64.b64decode(data) if isinstance(data, str) else b""
    except ValueError:
        return b""
