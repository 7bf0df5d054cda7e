import wave
from pathlib import Path

import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.testing.recording import Recording

START = (1 << 32) - 2000
"""A timestamp shortly before the wrap."""


def block(*loud: int) -> Pcm:
    """A packet that is silent but for these samples."""
    pcm = np.zeros(960, np.int16)
    pcm[list(loud)] = 5000
    return pcm


@pytest.fixture
def recording() -> Recording:
    """Sound from 1.0 to 1.04 and from 3.01 on, silence around it."""
    recording = Recording()
    whole = block(*range(960))
    for n, (t, pcm) in enumerate([(0.98, block()), (1.0, whole), (1.02, whole), (1.04, block()), (3.0, block(480)), (3.02, block())]):
        recording.add(t, (START + 960 * n) % (1 << 32), pcm)
    return recording


@pytest.mark.parametrize(("t", "first"), [(0.0, 1.0), (1.01, 1.01), (1.5, 3.01), (3.5, None)])
def test_the_first_sound_after_a_moment(recording: Recording, t: float, first: float | None) -> None:
    assert recording.first_sound_after(t) == (None if first is None else pytest.approx(first))


@pytest.mark.parametrize(("t", "last"), [(0.5, None), (1.01, 1.01), (2.0, 1.04), (9.0, 3.01 + 1 / 48_000)])
def test_the_last_sound_before_a_moment(recording: Recording, t: float, last: float | None) -> None:
    assert recording.last_sound_before(t) == (None if last is None else pytest.approx(last))


@pytest.mark.parametrize(("t", "pause", "last"), [(0.0, 0.5, 1.04), (1.01, 0.5, 1.04), (0.0, 5.0, 3.01 + 1 / 48_000), (3.5, 0.5, None)])
def test_when_a_sound_ended(recording: Recording, t: float, pause: float, last: float | None) -> None:
    assert recording.last_sound_after(t, pause) == (None if last is None else pytest.approx(last))


def test_packets_are_laid_out_by_their_timestamps_and_gaps_are_silence() -> None:
    recording = Recording()
    recording.add(0.0, START, block(0))
    recording.add(0.1, (START + 3 * 960) % (1 << 32), block(0))
    recording.add(0.2, (START + 2 * 960) % (1 << 32), block(1))
    assert np.flatnonzero(recording.sound()).tolist() == [0, 2 * 960 + 1, 3 * 960]
    assert recording.sound().size == 4 * 960
    assert recording.sound(since=5.0).size == 0


def test_it_can_be_saved(recording: Recording, tmp_path: Path) -> None:
    recording.save(tmp_path / "reply.wav", since=1.0, until=1.03)
    with wave.open(str(tmp_path / "reply.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (48_000, 1, 1920)
