from __future__ import annotations

import asyncio

import pytest

from voicegraph.errors import CallFailed
from voicegraph.mistral.speech import Flow, Manner
from voicegraph.mistral.voices import Voices


class Speaker:
    """A voice that needs no service; `marcel` cannot be had the first time."""

    refusals = 1

    def __init__(self, manner: Manner) -> None:
        self.name = manner.voice
        self.closed = False

    async def open(self) -> None:
        await asyncio.sleep(0)
        if self.name == "marcel" and Speaker.refusals:
            Speaker.refusals -= 1
            raise CallFailed("no such voice")

    async def say(self, text: str) -> Flow:
        return Flow()

    def stop(self) -> None: ...

    async def close(self) -> None:
        self.closed = True


def manner(language: str | None) -> Manner:
    return Manner("model", voice={"fr": "marcel"}.get(language or "", "jane"))


async def test_each_voice_is_opened_once_and_closed_with_the_call() -> None:
    made: list[Speaker] = []

    def make(manner: Manner) -> Speaker:
        made.append(Speaker(manner))
        return made[-1]

    voices = Voices(manner, make)
    first, second, other = await asyncio.gather(voices.of(None), voices.of("en"), voices.of("de"))
    assert first is second is other
    await voices.close()
    assert [speaker.closed for speaker in made] == [True]


async def test_a_voice_that_could_not_be_had_is_tried_again() -> None:
    voices = Voices(manner, Speaker)
    with pytest.raises(CallFailed):
        await voices.of("fr")
    assert await voices.of("fr") is not await voices.of("en")
    await voices.close()
