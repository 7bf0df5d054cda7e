"""How fast it answers and how soon it yields, as a caller measures it: at the RTP packets, without a jitter buffer of its own.

The caller is a real WebRTC peer in this process, the server and the stand-in for Mistral run in theirs. The speech is eSpeak NG's.
"""

from __future__ import annotations

import asyncio

import numpy as np

from benchmarks.figures import Figure
from benchmarks.processes import OVER, QUESTION, Program, server
from voicegraph.core.sound import Pcm
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.speech import speak

RATE = 16000
HEARD_BEFORE_BARGE_IN = 1.5
"""Seconds of the reply that the caller lets pass before speaking over it."""
SILENT = 0.6
"""Seconds without a sound after which the reply counts as stopped."""
AUDIBLE = 300
SETTLE = 0.5


def trimmed(pcm: Pcm) -> Pcm:
    """From its first audible sample to its last: what is measured is speech, not the silence around it."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > AUDIBLE)
    return pcm[loud[0] : loud[-1] + 1]


async def one_call(program: Program, question: Pcm, over: Pcm) -> tuple[float, float, float]:
    """(connect, answer, yield) in milliseconds: offer sent → connected; last sample of the question sent → first sample of the reply received; first
    sample of speech over the reply sent → last sample of the reply received."""
    async with Caller(over_http(program.url)) as caller:
        await asyncio.sleep(SETTLE)
        said = await caller.say(question, RATE)
        began = await caller.sound(after=said.end)
        await asyncio.sleep(HEARD_BEFORE_BARGE_IN)
        interrupted = await caller.say(over, RATE)
        stopped = caller.last_sound_after(interrupted.begin, SILENT)
        assert stopped is not None, "the reply was over before the caller spoke over it"
        return caller.setup.connected * 1000, (began - said.end) * 1000, (stopped - interrupted.begin) * 1000


async def latency(graph: str, calls: int, answer_bar: float = 850.0) -> list[Figure]:
    """The figures of one graph over this many calls, one after another."""
    question, over = trimmed(speak(QUESTION, RATE)), trimmed(speak(OVER, RATE))
    async with server(graph) as program:
        samples = [await one_call(program, question, over) for _ in range(calls)]
        ready = program.ready
    connect, answer, stop = zip(*samples, strict=True)
    return [
        Figure(f"{graph}: end of speech → first sample of the reply", "ms", answer, median_bar=answer_bar),
        Figure(f"{graph}: speech over the reply → its last sample", "ms", stop, median_bar=450.0, worst_bar=550.0),
        Figure(f"{graph}: offer sent → connected", "ms", connect, median_bar=300.0),
        Figure(f"{graph}: serve ready", "s", [ready], worst_bar=2.0),
    ]
