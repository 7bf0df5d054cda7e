"""How soon the reply gets quieter and falls silent when the caller speaks over it, over many interruptions of the same calls."""

from __future__ import annotations

import asyncio
import random

from benchmarks.figures import Figure
from benchmarks.latency import RATE, SETTLE, SILENT, ducked_at
from benchmarks.processes import OVER, QUESTION, Program, stand_in, voicegraph
from voicegraph.core.sound import Pcm
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.speech import speak, trimmed

BEFORE = (0.8, 2.5)
"""Seconds of the reply between which the caller speaks over it."""


async def _interrupt(program: Program, question: Pcm, over: Pcm, times: int, seed: int) -> list[tuple[float, float]]:
    """One call in which every answer is interrupted, which is what the next one answers; (ducked, silent) after the first sample of speech, in ms."""
    dice, found = random.Random(seed), []
    async with Caller(over_http(program.url)) as caller:
        await asyncio.sleep(SETTLE)
        said = await caller.say(question, RATE)
        for _ in range(times):
            await caller.sound(after=said.end)
            await asyncio.sleep(dice.uniform(*BEFORE))
            said = await caller.say(over, RATE)
            stopped = caller.last_sound_after(said.begin, SILENT)
            assert stopped is not None, "the reply was over before the caller spoke over it"
            ducked = ducked_at(caller.recording, said.begin)
            assert ducked is not None, "the reply did not get quieter before it stopped"
            found.append((1000 * (ducked - said.begin), 1000 * (stopped - said.begin)))
    return found


async def yielding(graph: str, interruptions: int = 20) -> list[Figure]:
    """So many interruptions of one graph, in two calls one after the other."""
    question, over = trimmed(speak(QUESTION, RATE)), trimmed(speak(OVER, RATE))
    async with stand_in() as mistral, voicegraph(graph, mistral.url) as program:
        found = [each for call in range(2) for each in await _interrupt(program, question, over, interruptions // 2, call)]
    return [
        Figure(f"{graph}: speech over the reply → 12 dB quieter, {len(found)} interruptions", "ms", [duck for duck, _ in found], median_bar=220.0),
        Figure(f"{graph}: speech over the reply → its last sample", "ms", [stop for _, stop in found], median_bar=380.0, worst_bar=450.0),
    ]
