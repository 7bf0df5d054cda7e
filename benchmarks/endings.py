"""Whether pauses inside of what somebody says are taken for its end: recorded speech through the real voice detector and the floor's own rules.

There is no Voxtral here. The words are pocketsphinx's, which writes no punctuation; so the floor is also shown the same words as speech-to-text may
punctuate them: with a full stop at each pause, which is the worst that it can do, and with a comma, which is what an open sentence should get.
What this shows is the floor's part, which decides for every model without turn events. Voxtral 3 decides for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from voicegraph.audio.resample import resample
from voicegraph.core.policy import PRESETS
from voicegraph.core.sound import Pcm
from voicegraph.core.turns import Confirm, Turns
from voicegraph.core.words import Segment
from voicegraph.frames import CallerAudio, Speech
from voicegraph.local.sphinx import SphinxEngine
from voicegraph.offline import read_wav
from voicegraph.processors.webrtcvad import WebrtcVad
from voicegraph.testing.runner import OneNode

RATE = 16000
PACKET = 320
BEFORE = 0.2
"""Seconds before the detected beginning that the recogniser hears, and seconds that it hears at once."""
PIECE = 0.25
SHORT = 0.6
"""Seconds: in a pause shorter than this, an open sentence is not over."""
FINAL = 0.1
"""Seconds from the end of speech, once it is known, to its final words: those of the stand-in in the other figures."""
PUNCTUATION = {"as pocketsphinx writes": "", "a comma at each pause": ",", "a full stop at each pause": "."}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech between two pauses. `known`: when the detector was sure of its beginning and of its end. `words`: (when, all of them so far), the final
    ones last."""

    begin: float
    end: float
    known: tuple[float, float]
    words: list[tuple[float, str]]


async def stretches(pcm: Pcm) -> list[Stretch]:
    """What the detector and pocketsphinx make of a recording at RATE."""
    edges: list[tuple[float, Speech]] = []
    async with OneNode(WebrtcVad, rates={"audio": RATE}) as node:
        for end in range(PACKET, len(pcm) + RATE, PACKET):  # a second of silence follows it
            packet = np.zeros(PACKET, np.int16)
            piece = pcm[end - PACKET : end]
            packet[: len(piece)] = piece
            before = len(node.sent("speech"))
            node.give("audio", CallerAudio(pcm=packet, rate=RATE, t=end / RATE))
            edges += [(end / RATE, speech) for speech in node.sent("speech")[before:]]
    engine = SphinxEngine()
    found = [
        Stretch(on.t, off.t, (known_on, known_off), await _recognised(engine, pcm, on.t - BEFORE, known_off))
        for (known_on, on), (known_off, off) in zip(edges[::2], edges[1::2], strict=True)
    ]
    await engine.close()
    return found


async def _recognised(engine: SphinxEngine, pcm: Pcm, begin: float, end: float) -> list[tuple[float, str]]:
    """The words of a stretch, and when they were known: the partial ones with their sound, the final ones after FINAL."""
    words, at = [], max(begin, 0.0)
    async with engine.recogniser() as recogniser:
        await recogniser.begin([])
        while at < end:
            until = min(at + PIECE, end)
            words.append((until, await recogniser.feed(pcm[round(at * RATE) : round(until * RATE)])))
            at = until
        words.append((end + FINAL, await recogniser.end()))
    return words


def turn_ends(spoken: list[Stretch], mark: str, preset: str) -> list[float]:
    """When the floor took the caller's turn for over. Each is answered at once, so that what follows is a turn of its own."""
    turns, now, ends = Turns(PRESETS[preset]), 0.0, []

    def wait(until: float) -> None:
        nonlocal now
        while (deadline := turns.deadline()) is not None and deadline <= until:
            now = max(now, deadline)
            if any(isinstance(decision, Confirm) for decision in turns.tick(now)):
                ends.append(now)
                turns.sounding(now)
                turns.drained(now)
                turns.settled(now, sounded=True)
        now = until

    for number, stretch in enumerate(spoken):
        wait(stretch.known[0])
        turns.speech(now, True, stretch.begin)
        for at, text in stretch.words[:-1]:
            wait(max(at, now))
            turns.words(now, Segment(number, text, False, "en"))
        wait(stretch.known[1])
        turns.speech(now, False, stretch.end)
        at, text = stretch.words[-1]
        wait(at)
        turns.words(now, Segment(number, f"{text}{mark}", True, "en"))
    wait(now + 10)
    return ends


async def endings(files: Sequence[Path], preset: str = "balanced") -> list[Figure]:
    """One figure per way of punctuating: the pauses under 600 ms, 1 for each in which a turn ended and 0 for the others. What has a full stop in it
    is no open sentence, so there is no bar for that."""
    recordings = [await stretches(resample(*read_wav(file), RATE)) for file in files]
    return [_cut(recordings, name, mark, preset) for name, mark in PUNCTUATION.items()]


def _cut(recordings: list[list[Stretch]], name: str, mark: str, preset: str) -> Figure:
    cuts = []
    for spoken in recordings:
        ends = turn_ends(spoken, mark, preset)
        short = [(one.end, other.begin) for one, other in pairwise(spoken) if other.begin - one.end < SHORT]
        cuts += [float(any(begin <= end < after for end in ends)) for begin, after in short]
    return Figure(f"{preset}, {name}: turns cut in two in a pause under 600 ms", "of 1", cuts, worst_bar=None if mark == "." else 0.0)
