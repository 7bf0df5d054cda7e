"""Whole shipped graphs against the loopback Mistral: a caller who speaks or types, and hears the answers as fast as they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import numpy as np
import pytest

from voicegraph.graph.host import Host
from voicegraph.graph.load import load
from voicegraph.graph.session import Session
from voicegraph.testing.mistral import MistralServer
from voicegraph.testing.runner import FakeLine

LIMIT = 10.0
PACKET = 480
"""Samples of the reply that are taken at a time."""
RATE = 16_000
"""Hz of the caller's sound, as webrtc_in gives it by default."""


class Caller:
    """Somebody on the line of a running graph."""

    def __init__(self, session: Session, line: FakeLine, host: Host) -> None:
        self.session = session
        self.host = host
        self._line = line

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The data of what the page was told under this name; a `server-message` by its `t`."""
        told: list[dict[str, Any]] = [dict(message) for message in self._line.told]
        plain = [message.get("data") or {} for message in told if message["type"] == kind]
        return plain + [message["data"]["d"] for message in told if message["type"] == "server-message" and message["data"]["t"] == kind]

    @property
    def heard(self) -> list[str]:
        """The sentences of the replies that were heard to their end, in order."""
        return [data["text"].strip() for data in self.messages("bot-output") if data["spoken_status"] == "completed"]

    def send(self, t: str, d: Any = None) -> None:
        """A message of the page's own."""
        self._line.message({"id": "1", "label": "rtvi-ai", "type": "client-message", "data": {"t": t, "d": d}})

    async def type(self, text: str) -> None:
        """Type, and wait until the answer is over."""
        over = len(self.messages("bot-stopped-speaking"))
        self.write(text)
        await self.until(lambda: len(self.messages("bot-stopped-speaking")) > over)

    async def type_to_read(self, text: str) -> str:
        """Type, and wait until the answer is on the screen, where alone it is wanted; what is there of it."""
        before, over = len(self.messages("bot-llm-text")), len(self.messages("bot-llm-stopped"))
        self.write(text, audio_response=False)
        await self.until(lambda: len(self.messages("bot-llm-stopped")) > over and self.session.replies.unsettled is None)
        return "".join(data["text"] for data in self.messages("bot-llm-text")[before:])

    def write(self, text: str, **options: bool) -> None:
        """Type, and wait for nothing."""
        data = {"content": text, "options": {"run_immediately": True, **options}}
        self._line.message({"id": "1", "label": "rtvi-ai", "type": "send-text", "data": data})

    async def say(self, seconds: float = 2.0, silence: float = 2.0) -> None:
        """Make a sound that the stand-in takes for its next scripted utterance, and wait until the answer is over."""
        over = len(self.messages("bot-stopped-speaking"))
        await self.speak(seconds, silence)
        await self.until(lambda: len(self.messages("bot-stopped-speaking")) > over)

    async def speak(self, seconds: float = 2.0, silence: float = 0.0) -> None:
        """Make a sound, then none."""
        noise = np.random.default_rng(7)
        for length, level in ((seconds, 3000), (silence, 3)):
            for _ in range(round(length / 0.02)):
                self._line.hear(noise.normal(0, level, round(0.02 * RATE)).astype(np.int16), self.session.now())
                await asyncio.sleep(0)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT):
            while not true():
                assert self.session.ending_for is None, self.session.ending_for
                self._line.pull(PACKET)
                await asyncio.sleep(0.001)


Call = Callable[..., AbstractAsyncContextManager[Caller]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """`async with call("voxtral", server) as caller`: a call of a shipped graph, whose Mistral is the loopback server."""

    @asynccontextmanager
    async def calling(graph: str, server: MistralServer) -> AsyncIterator[Caller]:
        monkeypatch.setenv("MISTRAL_API_KEY", "key")
        monkeypatch.setenv("MISTRAL_BASE_URL", server.url)
        line = FakeLine()
        async with Host() as host:
            session = Session(load(graph), line, id="test", host=host)
            await session.start()
            try:
                yield Caller(session, line, host)
            finally:
                await session.close("the test is over")

    return calling
