"""The voice over a WebSocket: text goes in piece by piece, sound comes out as it is made (Voxtral 3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.mistral.errors import explain, failures
from voicegraph.mistral.sockets import Sockets
from voicegraph.mistral.speech import Flow, Manner
from voicegraph.mistral.streams import sound

if TYPE_CHECKING:
    from mistralai.client import Mistral
    from mistralai.extra.realtime import RealtimeSpeechConnection

PROVEN = 5.0
"""Seconds after which a connection counts as good: lost while idle, it is replaced at once, a younger one only when it is needed."""


class _Line:
    """One connection and the flows that it owes, first asked first served: the service tells only that a flush is done, not which."""

    def __init__(self, connection: RealtimeSpeechConnection, gone: Callable[[_Line, Exception], None]) -> None:
        self.connection = connection
        self.flows: deque[Flow] = deque()
        self.lost = False
        self.opened = asyncio.get_running_loop().time()
        self._gone = gone
        self.reader = asyncio.create_task(self._read(), name="speech.read")

    async def say(self, text: str, flow: Flow) -> None:
        self.flows.append(flow)
        await self.connection.flush(text)

    async def _read(self) -> None:
        problem: Exception = ReplyFailed("Mistral closed the voice's connection.")
        try:
            async for event in self.connection.events():
                if event.type == "speech.audio.delta" and self.flows:
                    self.flows[0].put(sound(getattr(event, "audio_data", None)))
                elif event.type == "speech.audio.done" and self.flows:
                    self.flows.popleft().finish()
                elif event.type == "error":
                    self._lose(ReplyFailed("Mistral reported an error while it spoke."))
        except failures() as failure:
            problem = failure
        if not self.lost:  # otherwise it was cancelled, which the SDK swallows
            self._lose(problem)

    def _lose(self, problem: Exception) -> None:
        self.lost = True
        while self.flows:
            self.flows.popleft().fail(problem)
        self._gone(self, problem)


class RealtimeVoice:
    """Keeps one connection in use and a spare one open.

    A connection serves one reply at a time: when a reply ends while sound is owed to it, its connection is closed (there is no message to cancel by),
    and the spare takes its place. So no sound can come out under another reply's number.

    refused: called with a sentence when the service will not serve this voice at all.
    """

    def __init__(self, sdk: Mistral, sockets: Sockets, manner: Manner, refused: Callable[[str], None]) -> None:
        self._sdk = sdk
        self._sockets = sockets
        self._manner = manner
        self._refused = refused
        self._lines: set[_Line] = set()
        self._line: asyncio.Task[_Line] | None = None
        self._spare: asyncio.Task[_Line] | None = None

    async def open(self) -> None:
        """Raises CallFailed when the service cannot be had."""
        self._line, self._spare = self._connecting(), self._connecting()
        try:
            await asyncio.shield(self._line)
        except failures() as problem:
            raise explain(problem).to(CallFailed) from problem

    async def say(self, text: str) -> Flow:
        flow = Flow()
        try:
            line = await self._ready()
            await line.say(text, flow)
        except failures() as problem:
            flow.fail(problem)
        return flow

    def stop(self) -> None:
        line = _line_of(self._line)
        if line is not None and line.flows:
            self._retire(line)
            self._promote()

    async def close(self) -> None:
        for connecting in filter(None, (self._line, self._spare)):
            connecting.cancel()
        readers = [line.reader for line in self._lines]
        for line in tuple(self._lines):
            self._retire(line)
        await asyncio.gather(*readers, return_exceptions=True)

    async def _ready(self) -> _Line:
        """The connection in use; where it has been lost, the spare one; where that has been lost too, a new one."""
        for _ in range(2):
            if self._line is None or (self._line.done() and _line_of(self._line) is None):
                self._promote()
        assert self._line is not None
        return await asyncio.shield(self._line)

    def _promote(self) -> None:
        self._line, self._spare = self._spare or self._connecting(), self._connecting()

    def _connecting(self) -> asyncio.Task[_Line]:
        task = asyncio.create_task(self._connect(), name="speech.connect")
        task.add_done_callback(lambda task: task.cancelled() or task.exception())  # a failure is told to whom it concerns, when it does
        return task

    async def _connect(self) -> _Line:
        manner = self._manner
        opening = self._sdk.audio.realtime_speech.connect(
            manner.model,
            voice_id=manner.voice,
            ref_audio=manner.ref_audio,
            response_format="pcm",
            streaming_mode="responsive",
            expressiveness=manner.expressiveness,
        )
        line = _Line(await self._sockets.connect(opening), self._gone)
        self._lines.add(line)
        return line

    def _gone(self, line: _Line, problem: Exception) -> None:
        """A connection was lost. The flows that it owed have been told."""
        young = asyncio.get_running_loop().time() - line.opened < PROVEN
        self._retire(line)
        if explain(problem).lasting:
            self._refused(explain(problem).sentence)
        elif not young and self._line is not None and self._line.done() and _line_of(self._line) is None:
            self._promote()
        elif not young and self._spare is not None and self._spare.done() and _line_of(self._spare) is None:
            self._spare = self._connecting()

    def _retire(self, line: _Line) -> None:
        line.lost = True
        self._lines.discard(line)
        self._sockets.retire(line.connection)  # before the reader: cancelled, it would wait for the service to close
        line.reader.cancel()


def _line_of(connecting: asyncio.Task[_Line] | None) -> _Line | None:
    """The connection, if it was made and is not lost."""
    if connecting is None or not connecting.done() or connecting.cancelled() or connecting.exception() is not None:
        return None
    line = connecting.result()
    return None if line.lost else line
