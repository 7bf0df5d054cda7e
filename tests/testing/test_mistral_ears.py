from __future__ import annotations

import numpy as np
import pytest

from voicegraph.testing.mistral.ears import FRAME, LAG, Ears
from voicegraph.testing.mistral.encodings import Samples, decode

RATE = 16000


def tone(seconds: float, level: float = 0.3, rate: int = RATE) -> Samples:
    return np.asarray(level * np.sin(2 * np.pi * 300 / rate * np.arange(round(seconds * rate))), np.float32)


def noise(seconds: float, level: float) -> Samples:
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE)).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def seconds_of_speech(verdicts: list[bool]) -> float:
    return sum(verdicts) * FRAME


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_speech_between_silences_is_heard_for_as_long_as_it_lasts(rate: int) -> None:
    verdicts = Ears(rate).hear(np.concatenate((silence(0.5, rate), tone(1.0, rate=rate), silence(0.5, rate))))
    assert len(verdicts) == 100
    assert verdicts.index(True) * FRAME == pytest.approx(0.5 + LAG - FRAME)
    assert seconds_of_speech(verdicts) == pytest.approx(1.0, abs=FRAME)


def test_speech_from_the_first_sample_on_is_heard() -> None:
    assert Ears(RATE).hear(tone(1.0))[round(LAG / FRAME) :] == [True] * 48


def test_steady_noise_is_not_speech_but_speech_over_it_is() -> None:
    ears = Ears(RATE)
    assert not any(ears.hear(noise(3.0, 0.002)))
    assert seconds_of_speech(ears.hear(tone(1.0, 0.1) + noise(1.0, 0.002))) > 0.9
    assert not any(ears.hear(noise(1.0, 0.002))[3:])


def test_a_click_is_not_speech() -> None:
    click = silence(1.0)
    click[8000:8100] = 0.9
    assert not any(Ears(RATE).hear(click))


def test_a_constant_offset_is_not_speech() -> None:
    assert not any(Ears(RATE).hear(silence(0.5) + np.float32(0.2)))


def test_long_speech_is_not_learnt_as_noise() -> None:
    assert Ears(RATE).hear(tone(20.0, 0.1))[-1]


def test_the_size_of_the_pieces_does_not_matter() -> None:
    sound = np.concatenate((silence(0.3), tone(0.5), silence(0.3)))
    ears = Ears(RATE)
    pieces = [verdict for start in range(0, len(sound), 77) for verdict in ears.hear(sound[start : start + 77])]
    assert pieces == Ears(RATE).hear(sound)


@pytest.mark.parametrize(
    ("encoding", "dtype", "scale"), [("pcm_s16le", "<i2", 2**15), ("pcm_s32le", "<i4", 2**31), ("pcm_f16le", "<f2", 1), ("pcm_f32le", "<f4", 1)]
)
def test_linear_encodings_have_full_scale_at_one(encoding: str, dtype: str, scale: int) -> None:
    audio = (np.array([0.0, 0.5, -1.0]) * scale).astype(dtype).tobytes()
    np.testing.assert_array_equal(decode(audio, encoding), np.array([0.0, 0.5, -1.0], np.float32))


@pytest.mark.parametrize(
    ("encoding", "code", "value"),
    [
        ("pcm_mulaw", 0xFF, 0),
        ("pcm_mulaw", 0x80, 32124),
        ("pcm_mulaw", 0x00, -32124),
        ("pcm_mulaw", 0xFE, 8),
        ("pcm_alaw", 0xD5, 8),
        ("pcm_alaw", 0x55, -8),
        ("pcm_alaw", 0xAA, 32256),
        ("pcm_alaw", 0x2A, -32256),
    ],
)
def test_g711_codes_have_the_values_of_the_standard(encoding: str, code: int, value: int) -> None:
    assert decode(bytes([code]), encoding)[0] * 32768 == value
