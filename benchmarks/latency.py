"""How fast it answers and how soon it yields, as a caller measures it: at the RTP packets, without a jitter buffer of its own.

The caller is a real WebRTC peer in this process, the server and the stand-in for Mistral run in theirs. The speech is eSpeak NG's.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.figures import Figure
from benchmarks.processes import OVER, QUESTION, Program
from benchmarks.quiet import others, undisturbed
from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.recording import Received, Recording
from voicegraph.testing.speech import speak, trimmed

RATE = 16000
HEARD_BEFORE_BARGE_IN = 1.5
"""Seconds of the reply that the caller lets pass before speaking over it."""
SILENT = 0.6
"""Seconds without a sound after which the reply counts as stopped."""
SETTLE = 0.5


class Unheard(Exception):
    """A call did not go as it should; the message says what was not heard."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One call, in milliseconds."""

    connect: float
    """Offer sent → connected."""
    answer: float
    """Last sample of the question sent → first sample of the reply received."""
    duck: float | None
    """First sample of speech over the reply sent → the reply received 10 dB quieter; None where that cannot be told."""
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
        if stopped is None:
            raise Unheard("the reply was over before the caller spoke over it")
        ducked = ducked_at(caller.recording, interrupted.begin)
        return Sample(
            connect=1000 * caller.setup.connected,
            answer=1000 * (began - said.end),
            duck=None if ducked is None else 1000 * (ducked - interrupted.begin),
            stop=1000 * (stopped - interrupted.begin),
        )


async def answers(program: Program, calls: int) -> list[float]:
    """Last sample of the question sent → first sample of the reply received, in milliseconds, over this many calls."""
    question, found = trimmed(speak(QUESTION, RATE)), []
    for _ in range(calls):
        async with Caller(over_http(program.url)) as caller:
            await asyncio.sleep(SETTLE)
            said = await caller.say(question, RATE)
            found.append(1000 * (await caller.sound(after=said.end) - said.end))
    return found


def ducked_at(recording: Recording, over: float) -> float | None:
    """When the reply, whose voice is an even tone, came in at less than a third of its level for the first time after `over`, and stayed so."""
    before = [_level(each) for each in recording.packets if over - 0.5 < each.t <= over]
    after = [each for each in recording.packets if each.t > over]
    limit = float(np.median(before)) / 3 if before else 0.0
    return next((one.t for one, other in pairwise(after) if _level(one) < limit and _level(other) < limit), None)


def _level(packet: Received) -> float:
    if not packet.pcm.size:  # of a packet that says that there is nothing to say
        return 0.0
    return float(np.sqrt(np.mean(np.square(packet.pcm.astype(np.float64)))))


async def sample(server: Program, calls: int) -> list[Sample]:
    """So many calls, one after another; those that fail are left out. The stand-in must know QUESTION and OVER, and answer with REPLY.

    Raises Unheard when all of them failed.
    """
    question, over = trimmed(speak(QUESTION, RATE)), trimmed(speak(OVER, RATE))
    found = []
    for number in range(calls):
        try:
            found.append(await undisturbed(lambda: one_call(server, question, over), lambda: others(server), tries=2))
        except (Unheard, CallFailed, TimeoutError) as problem:
            print(f"  call {number + 1} is left out: {problem}", file=sys.stderr)
    if not found:
        raise Unheard("none of the calls went as it should")
    return found


def figures(name: str, samples: Sequence[Sample], given: float) -> list[Figure]:
    """`given`: seconds of an answer that are not the framework's own (share.py)."""
    answers = [each.answer for each in samples]
    return [
        Figure(f"{name}: end of speech → first sample of the reply", "ms", answers, median_bar=700),
        Figure(f"{name}: the framework's own share of that", "ms", [each - 1000 * given for each in answers], median_bar=120),
        Figure(f"{name}: speech over the reply → 12 dB quieter", "ms", [each.duck for each in samples if each.duck is not None], median_bar=220),
        Figure(f"{name}: speech over the reply → its last sample", "ms", [each.stop for each in samples], median_bar=380, worst_bar=450),
    ]
