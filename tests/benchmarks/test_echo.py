"""Finding chirps again in what was received."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.echo import chirps, round_trips
from voicegraph.core.sound import Pcm
from voicegraph.testing.caller import Said
from voicegraph.testing.recording import RATE, Recording

PACKET = RATE // 50


def received(sound: Pcm, begin: float, delay: float) -> Recording:
    """A recording in which each packet arrives `delay` after its first sample was said."""
    recording = Recording()
    padded = np.concatenate([sound, np.zeros(RATE // 2, np.int16)])
    for at in range(0, padded.size - PACKET + 1, PACKET):
        recording.add(begin + at / RATE + delay, at, padded[at : at + PACKET])
    return recording


@pytest.mark.parametrize("delay", [0.021, 0.0456, 0.18])
def test_a_round_trip_is_found_to_the_sample(delay: float) -> None:
    sound, starts = chirps(np.random.default_rng(1))
    said = Said(100.0, 100.0 + sound.size / RATE)
    found = round_trips(received(sound, said.begin, delay), said, starts)
    assert found == pytest.approx([delay] * len(starts), abs=1 / RATE)


def test_noise_is_no_echo() -> None:
    sound, starts = chirps(np.random.default_rng(1))
    said = Said(100.0, 100.0 + sound.size / RATE)
    noise = np.random.default_rng(2).integers(-300, 300, sound.size).astype(np.int16)
    assert round_trips(received(noise, said.begin, 0.05), said, starts) == []
