"""A model's answer, as it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from voicegraph.mistral.requests import Stream

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")


async def patiently(
    silence: float, opening: Awaitable[Stream], read: Callable[[httpx2.Response], AsyncGenerator[T, None]]
) -> AsyncGenerator[T, None]:
    """What `read` finds in a streamed answer. silence: seconds that the service may take for the first piece and for each later one.

    Leaving it early closes the stream. Raises what the client raises (`errors.failures()`), TimeoutError among it.
    """
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(silence) as limit:
        stream = await opening
        async with stream, aclosing(read(stream.response)) as pieces:
            async for piece in pieces:
                limit.reschedule(None)  # whoever reads takes the time that it needs
                yield piece
                limit.reschedule(now() + silence)
