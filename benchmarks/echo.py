"""How long a sample takes from the caller's microphone through an echo and back to the caller's decoder.

The caller says chirps and finds them again in what comes back, by a matched filter: the peak of the correlation is exact to a fraction of a
millisecond, whatever Opus does to a wave's edges. A sample is said when the microphone has taken it, and heard when its packet is decoded, plus its
place in the packet; so the 20 ms in which the caller fills a packet count, and a jitter buffer at the caller does not: there is none.

The two clocks of a call, at which the caller sends and the server does, stand in some relation that is fixed for the call: up to 20 ms of the result.
So there are several calls, and the chirps lie at uneven places.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.processes import Program, Start, program, python, voicegraph
from benchmarks.quiet import others, undisturbed
from voicegraph.core.sound import Pcm
from voicegraph.testing.caller import Caller, Offer, Said, over_http
from voicegraph.testing.recording import RATE, Recording

CHIRPS = 5
"""Per call."""
EVERY = 0.4
SPREAD = 0.15
"""Seconds between two chirps: at least, and how much more at most."""
LONGEST = 0.35
"""Seconds after which a chirp cannot be told from the next one: what an echo may take at most."""
SETTLE = 0.7
LOUD = 0.3
"""The part of a chirp's own energy that its correlation must reach to count as found."""
SHORTER = 60.0
"""Milliseconds by which ours must be shorter than stock aiortc's."""
ENOUGH = 0.5
"""The part of the chirps that must come back for a median to mean anything."""


def chirp() -> NDArray[np.float64]:
    """30 ms from 600 to 3400 Hz under a Hann window, peak 0.4; shape (n,), at RATE."""
    t = np.arange(round(0.03 * RATE)) / RATE
    phase = 2 * np.pi * (600 * t + (3400 - 600) / (2 * 0.03) * t**2)
    return np.asarray(0.4 * np.hanning(t.size) * np.sin(phase))


def chirps(random: np.random.Generator) -> tuple[Pcm, list[int]]:
    """Several chirps in a row, and the sample at which each begins."""
    steps = EVERY + SPREAD * random.random(CHIRPS)
    starts = [round(at * RATE) for at in np.cumsum(steps) - steps[0]]
    sound = np.zeros(starts[-1] + round(LONGEST * RATE))
    for start in starts:
        sound[start : start + chirp().size] += chirp()
    return np.rint(sound * 32767).astype(np.int16), starts


def round_trips(recording: Recording, said: Said, starts: Sequence[int]) -> list[float]:
    """Seconds for each chirp that came back."""
    packets = [packet for packet in recording.packets if said.begin <= packet.t < said.end + LONGEST and packet.pcm.size]
    if not packets:
        return []
    sound = np.concatenate([packet.pcm for packet in packets]) / 32767
    heard = np.concatenate([packet.t + np.arange(packet.pcm.size) / RATE for packet in packets])
    match = np.correlate(sound, chirp(), "valid")
    found = []
    for start in starts:
        spoken = said.begin + start / RATE
        window = (heard[: match.size] >= spoken) & (heard[: match.size] < spoken + LONGEST)
        peak = int(np.argmax(np.where(window, match, -np.inf)))
        if window.any() and match[peak] > LOUD * np.sum(chirp() ** 2):
            found.append(float(heard[peak]) - spoken)
    return found


async def echo_of(server: Program, over: Callable[[str], Offer], calls: int) -> list[float]:
    """Round trips in milliseconds over so many calls, one after another. Raises RuntimeError when the echo does not come back."""
    random = np.random.default_rng(7)
    found: list[float] = []
    for _ in range(calls):
        found += await undisturbed(lambda: _one_call(over(server.url), random), lambda: others(server))
    if len(found) < ENOUGH * calls * CHIRPS:
        raise RuntimeError(f"of {calls * CHIRPS} chirps only {len(found)} came back: this is no echo that can be measured")
    return found


async def _one_call(offer: Offer, random: np.random.Generator) -> list[float]:
    async with Caller(offer, handshake=False) as caller:
        await asyncio.sleep(SETTLE)
        sound, starts = chirps(random)
        said = await caller.say(sound, RATE)
        await asyncio.sleep(LONGEST)
        return [1000 * each for each in round_trips(caller.recording, said, starts)]


def stock() -> Start:
    """aiortc's own echo."""
    return program(python("benchmarks.peers.aiortc_echo"), server=True)


async def echo(calls: int) -> list[Figure]:
    """Our echo and stock aiortc's, call by call in turn, so that both have the same weather."""
    ours: list[float] = []
    theirs: list[float] = []
    async with voicegraph("echo") as mine, stock() as other:
        for _ in range(calls):
            ours += await echo_of(mine, over_http, 1)
            theirs += await echo_of(other, over_http, 1)
    return [
        Figure("echo: sample said → heard again", "ms", ours),
        Figure("stock aiortc's echo: sample said → heard again", "ms", theirs),
        Figure("echo: shorter than stock aiortc's by", "ms", [float(np.median(theirs) - np.median(ours))], least=SHORTER),
    ]
