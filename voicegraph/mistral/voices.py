"""The voices of one call: one for each language that is spoken in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicegraph.mistral.speech import Manner, Voice


class Voices:
    """Opens each when it is first needed. manner: who speaks in a language (ISO 639-1, None where it is unknown). make: a voice of that manner."""

    def __init__(self, manner: Callable[[str | None], Manner], make: Callable[[Manner], Voice]) -> None:
        self._manner = manner
        self._make = make
        self._open: dict[Manner, asyncio.Task[Voice]] = {}

    async def of(self, language: str | None) -> Voice:
        """The voice for this language. Raises CallFailed when it cannot be had."""
        manner = self._manner(language)
        if manner not in self._open:
            self._open[manner] = asyncio.create_task(self._opened(manner), name="voice.open")
        try:
            return await asyncio.shield(self._open[manner])
        except Exception:
            self._open.pop(manner, None)  # asked for again, it is tried again
            raise

    async def close(self) -> None:
        voices = self._ready()
        for opening in self._open.values():
            opening.cancel()
        await asyncio.gather(*(voice.close() for voice in voices))

    async def _opened(self, manner: Manner) -> Voice:
        voice = self._make(manner)
        try:
            await voice.open()
        except BaseException:
            await voice.close()
            raise
        return voice

    def _ready(self) -> list[Voice]:
        return [task.result() for task in self._open.values() if task.done() and not task.cancelled() and task.exception() is None]
