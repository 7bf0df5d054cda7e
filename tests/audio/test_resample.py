import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.audio.resample import StreamResampler, resample
from voicegraph.core.sound import Pcm

RATES = [(48000, 16000), (16000, 48000), (22050, 48000), (22050, 24000), (24000, 48000), (8000, 16000), (44100, 16000)]


def sine(rate: int, seconds: float, hz: float = 440.0) -> Pcm:
    t = np.arange(int(rate * seconds)) / rate
    return (10000 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def streamed(pcm: Pcm, source: int, target: int, sizes: list[int]) -> Pcm:
    stream = StreamResampler(source, target)
    pieces = []
    at = 0
    for size in sizes:
        pieces.append(stream.feed(pcm[at : at + size]))
        at += size
    return np.concatenate([*pieces, stream.feed(pcm[at:]), stream.flush()])


@given(st.sampled_from(RATES), st.lists(st.integers(0, 700), max_size=40))
def test_any_chunking_gives_the_same_samples(rates: tuple[int, int], sizes: list[int]) -> None:
    source, target = rates
    tone = sine(source, 0.25)
    assert np.array_equal(streamed(tone, source, target, sizes), resample(tone, source, target))


@pytest.mark.parametrize(("source", "target"), RATES)
def test_a_tone_stays_the_same_tone_at_the_same_time(source: int, target: int) -> None:
    """A click, a lost sample or a shift by one sample would all show as a difference from the true sine."""
    tone = resample(sine(source, 0.5), source, target)
    assert len(tone) == math.ceil(int(source * 0.5) * target / source)
    inner = slice(target // 100, -target // 100)
    assert np.abs(tone.astype(int) - sine(target, 1.0)[: len(tone)])[inner].max() <= 3


@pytest.mark.parametrize(("source", "target"), RATES)
def test_little_is_kept_back(source: int, target: int) -> None:
    stream = StreamResampler(source, target)
    given_seconds = 0.0
    got = 0
    for _ in range(25):
        chunk = sine(source, 0.02)
        got += len(stream.feed(chunk))
        given_seconds += len(chunk) / source
        assert 0 <= given_seconds - got / target <= 17 / min(source, target)


def test_what_is_too_high_for_the_lower_rate_does_not_come_back_as_another_tone() -> None:
    hiss = resample(sine(48000, 0.5, hz=15000.0), 48000, 16000)
    assert np.abs(hiss[200:-200]).max() < 50


def test_after_a_flush_a_new_stream_begins() -> None:
    stream = StreamResampler(48000, 16000)
    tone = sine(48000, 0.1)
    first = np.concatenate((stream.feed(tone), stream.flush()))
    second = np.concatenate((stream.feed(tone), stream.flush()))
    assert np.array_equal(first, second)


def test_a_flush_with_nothing_fed_gives_nothing() -> None:
    assert len(StreamResampler(48000, 16000).flush()) == 0


def test_equal_rates_change_nothing() -> None:
    tone = sine(16000, 0.1)
    stream = StreamResampler(16000, 16000)
    assert stream.feed(tone) is tone
    assert len(stream.flush()) == 0
