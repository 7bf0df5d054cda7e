"""Text to sound: what a voice is, how its sound is read, and the voice that is asked over HTTP."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voicegraph.audio.wav import wav_bytes
from voicegraph.core.sound import Pcm
from voicegraph.errors import ReplyFailed
from voicegraph.mistral.errors import explain, failures
from voicegraph.mistral.streams import speech_pieces

if TYPE_CHECKING:
    from mistralai.client import Mistral

RATE = 24000
"""Hz of `pcm` in both directions of asking; it is float32, little-endian, mono."""
SAMPLE = 4
SILENCE = 5.0
"""Seconds without sound after which a piece of text that is due is given up."""
AT_ONCE = 2
"""HTTP requests at once for one reply: the next piece is being made while this one comes."""


@dataclass(frozen=True, slots=True)
class Manner:
    """Who speaks, and how. voice: a preset or stored voice; or ref_audio: base64 of a clip of the voice to clone. expressiveness: at least 1."""

    model: str
    voice: str | None = None
    ref_audio: str | None = None
    expressiveness: float | None = None


class Flow:
    """The sound of one piece of text, as it comes in. Takes float32 bytes, gives int16."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    def put(self, piece: bytes) -> None:
        """More sound; a piece may end inside of a sample."""
        self._pieces.put_nowait(piece)

    def finish(self) -> None:
        """That was all."""
        self._pieces.put_nowait(None)

    def fail(self, problem: Exception) -> None:
        """There will be no more of it."""
        self._pieces.put_nowait(problem)

    async def _next(self) -> bytes | Exception | None:
        async with asyncio.timeout(SILENCE):
            return await self._pieces.get()

    async def pcm(self) -> AsyncGenerator[Pcm, None]:
        """Mono int16 at `RATE`. Raises what the flow failed with, or TimeoutError when nothing comes for `SILENCE`."""
        rest = b""
        while (piece := await self._next()) is not None:
            if isinstance(piece, Exception):
                raise piece
            rest += piece
            if whole := len(rest) // SAMPLE * SAMPLE:
                yield to_int16(rest[:whole])
                rest = rest[whole:]


class Voice(Protocol):
    """A voice of one call. It speaks one reply at a time, in pieces; the next one can be asked for while the former still comes."""

    async def open(self) -> None:
        """Get ready, so that the first reply need not wait. Raises CallFailed."""

    async def say(self, text: str) -> Flow:
        """Ask for the sound of this text. Never raises: a failure comes through the flow."""

    def stop(self) -> None:
        """The reply is over. What was asked for and has not come is not wanted any more."""

    async def close(self) -> None:
        """Let everything go."""


async def spoken(voice: Voice, text: str, flow: Flow) -> AsyncGenerator[Pcm, None]:
    """The sound of `text`, for which `flow` was asked. Asked for once more if it fails before any has come; then raises ReplyFailed.

    Not after an HTTP error: the client has tried those again itself, and the caller has waited for it."""
    from mistralai.client.errors import MistralError

    heard = False
    for again in (True, False):
        try:
            async with aclosing(flow.pcm()) as pieces:
                async for pcm in pieces:
                    heard = True
                    yield pcm
            return
        except failures() as problem:
            trouble = explain(problem)
            if heard or trouble.lasting or not again or isinstance(problem, MistralError):
                raise trouble.to(ReplyFailed) from problem
        flow = await voice.say(text)


class HttpVoice:
    """A streamed request for each piece: for models that do not take text over a WebSocket."""

    def __init__(self, sdk: Mistral, manner: Manner) -> None:
        self._sdk = sdk
        self._manner = manner
        self._places = asyncio.Semaphore(AT_ONCE)
        self._requests: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Nothing to open: the connections are the client's."""

    async def say(self, text: str) -> Flow:
        flow = Flow()
        request = asyncio.create_task(self._request(text, flow), name="speech.request")
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)
        return flow

    def stop(self) -> None:
        for request in self._requests:
            request.cancel()

    async def close(self) -> None:
        self.stop()
        await asyncio.gather(*self._requests, return_exceptions=True)

    async def _request(self, text: str, flow: Flow) -> None:
        manner = self._manner
        try:
            async with (
                self._places,
                await self._sdk.audio.speech.complete_async(
                    input=text,
                    model=manner.model,
                    voice_id=manner.voice,
                    ref_audio=manner.ref_audio,
                    expressiveness=manner.expressiveness,
                    response_format="pcm",
                    stream=True,
                ) as stream,
                aclosing(speech_pieces(stream.response)) as pieces,
            ):
                async for piece in pieces:
                    flow.put(piece)
            flow.finish()
        except failures() as problem:
            flow.fail(problem)


def as_reference(pcm: Pcm, rate: int) -> str:
    """A recording as the service takes it in `ref_audio` and `sample_audio`: a WAV file in base64."""
    return base64.b64encode(wav_bytes(pcm, rate)).decode()


def to_int16(sound: bytes) -> Pcm:
    """float32 little-endian bytes, full scale ±1, as int16."""
    samples = np.frombuffer(sound, "<f4")
    pcm: Pcm = np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
    return pcm
