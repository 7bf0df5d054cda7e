"""What a call costs while nobody speaks, and while its reply is spoken."""

from __future__ import annotations

import asyncio
import time

from benchmarks.callers.crowd import Crowd, crowd
from benchmarks.callers.microphone import question_ends
from benchmarks.figures import Figure
from benchmarks.processes import ASKED, Program
from voicegraph.testing.speech import speak, trimmed

MANY = 5
SETTLE = 3.0
WINDOW = 8.0
SPEAKING = 10.0
"""Seconds from the end of the question; the reply (processes.LONG_ANSWER) is longer."""
RATE = 16_000


async def cost(name: str, server: Program, many: int = MANY) -> list[Figure]:
    """CPU of the server, per call, less what it uses without calls. Microphones send all the time, as browsers' do.

    While the reply is spoken: ten seconds from the end of the question, thinking and synthesis included. The stand-in must answer with LONG_ANSWER.
    """
    async with crowd(server.url) as callers:
        await callers.quiet()
        await asyncio.sleep(SETTLE)
        alone = await _percent(server, WINDOW / 2)
        connected = await callers.grow(1)
        await asyncio.sleep(SETTLE)
        first = await _percent(server, WINDOW) - alone
        connected += await callers.grow(many)
        await asyncio.sleep(SETTLE)
        idle = (await _percent(server, WINDOW) - alone) / many
        speaking = (await _while_speaking(callers, server) - alone) / many
    return [
        Figure(f"{name}: offer sent → connected", "ms", [1000 * each for each in connected], median_bar=200, worst_bar=200),
        Figure(f"{name}: CPU of an idle call, the only one", "% of a core", [first]),
        Figure(f"{name}: CPU of an idle call, one of {many}", "% of a core", [idle], worst_bar=2.0),
        Figure(f"{name}: CPU of a call while the reply is spoken, one of {many}", "% of a core", [speaking], worst_bar=3.0),
    ]


async def _while_speaking(callers: Crowd, server: Program) -> float:
    await callers.ask()
    await asyncio.sleep(question_ends(trimmed(speak(ASKED, RATE)), RATE))
    measuring = asyncio.create_task(callers.measure(SPEAKING))
    found = await _percent(server, SPEAKING)
    heard = await measuring
    if heard.silent_calls:
        raise RuntimeError(f"{heard.silent_calls} of {heard.calls} callers were not answered within {SPEAKING:g} s")
    return found


async def _percent(server: Program, seconds: float) -> float:
    began, used = time.monotonic(), server.cpu_seconds()
    await asyncio.sleep(seconds)
    return 100 * (server.cpu_seconds() - used) / (time.monotonic() - began)
