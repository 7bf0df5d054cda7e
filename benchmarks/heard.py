"""How well the agent knows what the caller has heard when it was interrupted: what the model is told, against the sound that the caller received.

The voice is eSpeak's, which says when it begins each word: that is the truth. The network's delay is the time there and back, half of it each way;
beyond 500 ms the caller's aioice, which is as it comes, takes the server for gone after half a minute.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.figures import Figure
from benchmarks.latency import RATE, SETTLE
from benchmarks.processes import GRAPHS, Program, voicegraph
from voicegraph.audio.resample import resample
from voicegraph.core.sentences import SpokenClauses, speakable
from voicegraph.core.sound import Pcm
from voicegraph.local import espeak
from voicegraph.processors.espeak_tts import SENTENCE_ENDS
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.mistral import Delays, MistralServer, Request, Script
from voicegraph.testing.recording import AUDIBLE
from voicegraph.testing.recording import RATE as RECEIVED
from voicegraph.testing.speech import speak, trimmed

VOICE = espeak.Voice("en-us", 150)
STORY = (
    "Once upon a time there was a lighthouse at the end of a long stone pier, and in it lived a keeper who had never once let the lamp go out. "
    "Every evening she climbed the hundred and twelve steps, cleaned the glass, and lit the lamp before the first star was up. "
    "One winter a fog came in from the north. It was so thick that nobody could see a hand before the eyes, and the boats were still out."
)
OVER = "no, wait, stop please"
BEFORE = (0.3, 5.0)
"""Seconds of the reply between which the caller speaks over it."""
SILENT = 0.6
PIECE = 0.01
CALLS = 5
"""At once: nothing is timed here, sound is counted."""


def audible(pcm: Pcm, rate: int) -> int:
    """How many pieces of 10 ms have a sound in them. Gaps, from a pause or a hiccup of the line, do not count, and so do not move what follows."""
    size = round(PIECE * rate)
    whole = np.abs(pcm[: len(pcm) - len(pcm) % size].astype(np.int32)).reshape(-1, size)
    return int((whole.max(axis=1) > AUDIBLE).sum())


@dataclass(frozen=True, slots=True)
class Truth:
    """How much audible sound there is before the middle of each word, where it counts as heard."""

    middles: Sequence[int]

    def words_in(self, heard: Pcm) -> int:
        """How many words were heard by who received this (at RECEIVED)."""
        return sum(middle < audible(heard, RECEIVED) for middle in self.middles)


def truth() -> Truth:
    """By the voice's own account."""
    clauses, pieces, start = SpokenClauses(), [], 0.0
    begins: dict[int, float] = {}
    for span in clauses.feed(STORY, 0, True, True):
        pause = span.text.rstrip(" ").endswith(SENTENCE_ENDS)
        spoken = espeak.synthesise(span.text if speakable(span.text) else "", VOICE, pause)
        begins |= {span.at + mark.at: start + mark.seconds for mark in spoken.words}
        pieces.append(spoken.pcm)
        start += len(spoken.pcm) / espeak.RATE
    words = [word.start() for word in re.finditer(r"\S+", STORY)]
    middles: list[float] = []
    for at, following in pairwise([*sorted(begins), len(STORY)]):  # eSpeak takes "of a" for one word: each of the two has half of its time
        within = sum(at <= word < following for word in words)
        length = (begins.get(following, start) - begins[at]) / within
        middles += [begins[at] + (count + 0.5) * length for count in range(within)]
    story = resample(np.concatenate(pieces), espeak.RATE, RECEIVED)
    return Truth([audible(story[: round(middle * RECEIVED)], RECEIVED) for middle in middles])


async def _call(program: Program, over: Pcm, delay: float, times: int, seed: int) -> dict[str, Pcm]:
    """One call in which every answer is interrupted: what had come of the answer when the caller said this."""
    dice, found = random.Random(seed), {}
    async with Caller(over_http(program.url)) as caller:
        caller.delay_network(delay / 2)
        await asyncio.sleep(SETTLE)
        said = await caller.say(over, RATE)
        for _ in range(times):
            began = await caller.sound(after=said.end)
            await asyncio.sleep(dice.uniform(*BEFORE))
            said = await caller.say(over, RATE)
            stopped = await caller.silence(SILENT, after=said.begin)
            words = await caller.wait_for("user-llm-text", after=said.begin)
            found[str(words.data["text"])] = caller.recording.sound(began - 0.05, stopped + 0.05)
            said = type(said)(said.begin, stopped + SILENT)
    return found


def _told(server: MistralServer, caller_said: str) -> str:
    """What the model was told of its last answer when it was asked this; "" when it was told of none."""
    for request in reversed(server.log.of(Request, lambda request: request.endpoint == "chat")):
        messages: list[dict[str, str]] = request.body["messages"]
        if len(messages) > 1 and messages[-1]["content"].endswith(caller_said) and messages[-2]["role"] == "assistant":
            return messages[-2]["content"]
    return ""


async def _errors(graph: str, delay: float, interruptions: int) -> list[float]:
    """By how many words the history was wrong, interruption by interruption."""
    story, over = truth(), trimmed(speak(OVER, RATE))
    script = Script(utterances=lambda call, turn: f"stop it, this is {call} and {turn}", replies=[STORY])
    times = round(interruptions / CALLS)
    async with MistralServer(script, Delays()) as mistral, voicegraph(str(GRAPHS / f"{graph}.yaml"), mistral.url) as program:
        calls = await asyncio.gather(*(_call(program, over, delay, times, seed) for seed in range(CALLS)))
        heard = {said: sound for call in calls for said, sound in call.items()}
        return [abs(len(_told(mistral, said).split()) - story.words_in(sound)) for said, sound in heard.items()]


async def heard(interruptions: int = 200, delays: tuple[float, ...] = (0.0, 0.1, 0.3)) -> list[Figure]:
    """The errors of a voice that tells its words, and of the same voice when it does not."""
    return [
        Figure(f"{name}, {1000 * delay:.0f} ms of network: words of the history that were not heard, or missing", "words", errors, p95_bar=1.0)
        for graph, name in (("espeak", "a voice that tells its words"), ("espeak_untold", "a voice that does not"))
        for delay in delays
        for errors in [await _errors(graph, delay, interruptions)]
    ]
