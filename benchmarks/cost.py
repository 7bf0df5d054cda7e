"""What a call costs while nobody speaks, and while its reply is spoken."""

from __future__ import annotations

import asyncio
import sys
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
        alone = await percent(server, WINDOW / 2)
        connected = await callers.grow(1)
        await asyncio.sleep(SETTLE)
        first = await percent(server, WINDOW) - alone
        connected += await callers.grow(many)
        await asyncio.sleep(SETTLE)
        idle = (await percent(server, WINDOW) - alone) / many
        speaking = await _while_speaking(callers, server)
    found = [
        Figure(f"{name}: offer sent → connected", "ms", [1000 * each for each in connected], median_bar=200, worst_bar=200),
        Figure(f"{name}: CPU of an idle call, the only one", "% of a core", [first]),
        Figure(f"{name}: CPU of an idle call, one of {many}", "% of a core", [idle], worst_bar=2.0),
    ]
    if speaking is None:
        print(f"  {name}: not everybody was answered, so there is no figure for a call while the reply is spoken", file=sys.stderr)
    else:
        what = f"{name}: CPU of a call while the reply is spoken, one of {many}"
        found.append(Figure(what, "% of a core", [(speaking - alone) / many], worst_bar=3.0))
    return found


async def _while_speaking(callers: Crowd, server: Program) -> float | None:
    """None when somebody was not answered."""
    await callers.ask()
    await asyncio.sleep(question_ends(trimmed(speak(ASKED, RATE)), RATE))
    measuring = asyncio.create_task(callers.measure(SPEAKING))
    found = await percent(server, SPEAKING)
    heard = await measuring
    return None if heard.silent_calls else found


async def percent(server: Program, seconds: float) -> float:
    """How much of a core the process uses, over this time from now on."""
    began, used = time.monotonic(), server.cpu_seconds()
    await asyncio.sleep(seconds)
    return 100 * (server.cpu_seconds() - used) / (time.monotonic() - began)
