"""How fast it answers and how soon it yields, as a caller measures it: at the RTP packets, without a jitter buffer of its own.

The caller is a real WebRTC peer in this process, the server and the stand-in for Mistral run in theirs. The speech is eSpeak NG's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.figures import Figure
from benchmarks.processes import OVER, QUESTION, Program, server
from voicegraph.core.sound import Pcm
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.recording import Received, Recording
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


@dataclass(frozen=True, slots=True)
class Sample:
    """One call, in milliseconds."""

    connect: float
    """Offer sent → connected."""
    answer: float
    """Last sample of the question sent → first sample of the reply received."""
    duck: float
    """First sample of speech over the reply sent → the reply received 10 dB quieter."""
    stop: float
    """First sample of speech over the reply sent → last sample of the reply received."""


async def one_call(program: Program, question: Pcm, over: Pcm) -> Sample:
    async with Caller(over_http(program.url)) as caller:
        await asyncio.sleep(SETTLE)
        said = await caller.say(question, RATE)
        began = await caller.sound(after=said.end)
        await asyncio.sleep(HEARD_BEFORE_BARGE_IN)
        interrupted = await caller.say(over, RATE)
        stopped = caller.last_sound_after(interrupted.begin, SILENT)
        assert stopped is not None, "the reply was over before the caller spoke over it"
        ducked = ducked_at(caller.recording, interrupted.begin)
        seconds = (caller.setup.connected, began - said.end, ducked - interrupted.begin, stopped - interrupted.begin)
        return Sample(*(1000 * each for each in seconds))


async def answers(program: Program, calls: int) -> list[float]:
    """Last sample of the question sent → first sample of the reply received, in milliseconds, over this many calls."""
    question, found = trimmed(speak(QUESTION, RATE)), []
    for _ in range(calls):
        async with Caller(over_http(program.url)) as caller:
            await asyncio.sleep(SETTLE)
            said = await caller.say(question, RATE)
            found.append(1000 * (await caller.sound(after=said.end) - said.end))
    return found


def ducked_at(recording: Recording, over: float) -> float:
    """When the reply, whose voice is an even tone, came in at less than a third of its level for the first time after `over`, and stayed so."""
    before = [_level(each) for each in recording.packets if over - 0.5 < each.t <= over]
    after = [each for each in recording.packets if each.t > over]
    limit = float(np.median(before)) / 3
    return next(one.t for one, other in pairwise(after) if _level(one) < limit and _level(other) < limit)


def _level(packet: Received) -> float:
    if not packet.pcm.size:  # of a packet that says that there is nothing to say
        return 0.0
    return float(np.sqrt(np.mean(np.square(packet.pcm.astype(np.float64)))))


async def latency(graph: str, calls: int) -> list[Figure]:
    """The figures of one graph over this many calls, one after another."""
    question, over = trimmed(speak(QUESTION, RATE)), trimmed(speak(OVER, RATE))
    async with server(graph) as program:
        samples = [await one_call(program, question, over) for _ in range(calls)]
        ready = program.ready
    return [
        Figure(f"{graph}: end of speech → first sample of the reply", "ms", [each.answer for each in samples], median_bar=700.0),
        Figure(f"{graph}: speech over the reply → 12 dB quieter", "ms", [each.duck for each in samples], median_bar=220.0),
        Figure(f"{graph}: speech over the reply → its last sample", "ms", [each.stop for each in samples], median_bar=380.0, worst_bar=450.0),
        Figure(f"{graph}: offer sent → connected", "ms", [each.connect for each in samples], median_bar=300.0),
        Figure(f"{graph}: serve ready", "s", [ready], worst_bar=2.0),
    ]
