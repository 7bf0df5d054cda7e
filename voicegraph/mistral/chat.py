"""A model's answer, as it is written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from voicegraph.core.continuation import Continuation
from voicegraph.core.retrying import Retries
from voicegraph.core.toolcalls import Message, ToolCall
from voicegraph.errors import BrokeOff
from voicegraph.mistral.requests import Stream, stream_chat
from voicegraph.mistral.streams import chat_parts

if TYPE_CHECKING:
    import httpx2
    from mistralai.client.chat import Chat

log = logging.getLogger(__name__)

T = TypeVar("T")


async def patiently(
    silence: float,
    open: Callable[[], Awaitable[Stream]],
    read: Callable[[httpx2.Response], AsyncGenerator[T, None]],
    retries: Retries,
    begins: Callable[[T], bool] = bool,
) -> AsyncGenerator[T, None]:
    """What `read` finds in a streamed answer, which `open` asks for: again, when its stream was lost and `retries` allows it.

    silence: seconds that the service may take for the first piece, all tries together, and for each later one. begins: whether a piece is part of
    what the caller gets. Leaving it early closes the stream. Raises what the client raises (`errors.failures()`), TimeoutError among it.
    """
    now, lost = asyncio.get_running_loop().time, _lost()
    async with asyncio.timeout(silence) as limit:
        while True:
            try:
                async with await open() as stream, aclosing(read(stream.response)) as pieces:
                    async for piece in pieces:
                        limit.reschedule(None)  # whoever reads takes the time that it needs
                        if begins(piece):
                            retries.begun()
                        yield piece
                        limit.reschedule(now() + silence)
                return
            except lost as problem:
                pause = retries.lost()
                if pause is None:
                    raise
                log.info("an answer was lost (%s), and is asked for again in %g s", type(problem).__name__, pause)
            await asyncio.sleep(pause)


async def completion(chat: Chat, request: Mapping[str, Any], silence: float, *, replaceable: bool) -> AsyncGenerator[str | ToolCall, None]:
    """The text of a chat completion in pieces, and at the end the tools that the model calls. One whose stream is lost is gone on with.

    request: as for `stream_chat`; silence, and what is raised: as in `patiently`; replaceable: a stand-in waits to take over."""
    said, going_on = "", Continuation()

    def open() -> Awaitable[Stream]:
        nonlocal going_on
        going_on = Continuation(said)
        return stream_chat(chat, {**request, "messages": begun(request["messages"], said)})

    async with aclosing(patiently(silence, open, chat_parts, Retries(replaceable, resumable=True))) as parts:
        async for part in parts:
            if isinstance(part, ToolCall):
                yield part
            elif new := going_on.add(part):
                said += new
                yield new


def begun(messages: Sequence[Message], text: str) -> Sequence[Message]:
    """The messages to which the model answers by going on with `text`. It may have been going on with something already, and not have repeated it."""
    if not text:
        return messages
    if messages[-1].get("prefix"):
        *messages, former = messages
        text = former["content"] if former["content"].startswith(text) else text
    return [*messages, {"role": "assistant", "content": text, "prefix": True}]


def _lost() -> tuple[type[Exception], ...]:
    """What is raised when a stream is lost. A connection that cannot be made is none: whoever opens it has tried that again already."""
    import httpx2

    return (httpx2.ReadError, httpx2.WriteError, httpx2.CloseError, httpx2.RemoteProtocolError, BrokeOff)
