"""What is sent of a recording for cloning, and the sentences about those that will not do."""

from __future__ import annotations

import numpy as np
import pytest

from voicegraph.core.reference import RATE, prepare
from voicegraph.core.sound import Pcm
from voicegraph.errors import UnfitReference
from voicegraph.testing.speech import murmur, speak


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), np.int16)


def seconds(pcm: Pcm) -> float:
    return len(pcm) / RATE


def level(pcm: Pcm) -> float:
    return float(20 * np.log10(np.std(pcm / 32768)))


def sentence(pcm: Pcm) -> str:
    with pytest.raises(UnfitReference) as problem:
        prepare(pcm)
    return str(problem.value)


@pytest.mark.parametrize("given", [-40.0, -26.0, -16.0])
def test_every_clip_gets_the_same_loudness(given: float) -> None:
    assert level(prepare(murmur(8.0, given))) == pytest.approx(-20.0, abs=1.5)


def test_no_peak_is_clipped_for_loudness() -> None:
    clip = murmur(8.0, -40.0)
    clip[RATE] = 3277  # a click, 20 dB below full scale
    assert np.max(np.abs(prepare(clip))) == pytest.approx(32768 * 10 ** (-1 / 20), rel=0.01)


def test_the_silence_around_it_is_cut_off() -> None:
    assert seconds(prepare(np.concatenate([silence(4.0), murmur(6.0), silence(20.0)]))) == pytest.approx(6.2, abs=0.1)


def test_speech_will_do() -> None:
    spoken = speak("I read a whole paragraph, at the speed at which I always talk, so that nobody can say it was too short.", RATE)
    assert level(prepare(spoken)) == pytest.approx(-20.0, abs=2.5)


def test_pauses_inside_stay() -> None:
    assert seconds(prepare(np.concatenate([murmur(3.0), silence(2.0), murmur(3.0)]))) == pytest.approx(8.0, abs=0.1)


def test_pauses_do_not_count_as_quiet_speech() -> None:
    quiet = np.concatenate([murmur(3.0), silence(12.0), murmur(3.0)])
    assert level(prepare(quiet)[: 2 * RATE]) == pytest.approx(-20.0, abs=1.5)


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (silence(0.0), "Nothing can be heard"),
        (silence(10.0), "Nothing can be heard"),
        (murmur(0.01), "Nothing can be heard"),
        (murmur(2.5), "at least 3 s are needed"),
        (np.concatenate([silence(9.0), murmur(2.0)]), "at least 3 s are needed"),
        (murmur(26.0), "at most 25 s are taken"),
        (np.concatenate([murmur(0.5), silence(9.0), murmur(0.5)]), "are speech"),
        (murmur(8.0, -50.0), "too quiet"),
        (murmur(8.0, 0.0), "distorted"),
        (murmur(8.0, 0.0) // 4, "distorted"),
    ],
    ids=[
        "empty",
        "silent",
        "a moment",
        "short",
        "short but for the silence",
        "long",
        "mostly pauses",
        "quiet",
        "clipped",
        "clipped, then made quieter",
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(clip: Pcm, said: str) -> None:
    assert said in sentence(clip)
