"""A chat model's answer, as it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voicegraph.mistral.streams import chat_pieces

if TYPE_CHECKING:
    from mistralai.client.chat import Chat


async def answer(chat: Chat, silence: float, **request: Any) -> AsyncGenerator[str, None]:
    """The text, in pieces. request: as `chat.stream_async` takes it. silence: seconds that the model may take for its first piece and each later one.

    Leaving it early closes the stream. Raises what the client raises (`errors.failures()`), TimeoutError among it.
    """
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(silence) as limit:
        stream = await chat.stream_async(**request)
        async with stream, aclosing(chat_pieces(stream.response)) as pieces:
            async for piece in pieces:
                limit.reschedule(None)  # whoever reads takes the time that it needs
                yield piece
                limit.reschedule(now() + silence)
