from __future__ import annotations

import numpy as np
import pytest

from voicegraph.core.clips import Clips
from voicegraph.core.sound import Pcm

RATE = 1000


def piece(value: int, seconds: float = 0.02) -> Pcm:
    return np.full(round(RATE * seconds), value, np.int16)


def test_a_clip_is_what_was_said_while_the_button_was_held() -> None:
    clips = Clips(RATE, pre_roll=0.0, longest=60.0)
    clips.add(piece(1))
    clips.open()
    clips.add(piece(2))
    clips.add(piece(3))
    clip = clips.close()
    assert clip is not None
    assert clip.tolist() == [2] * 20 + [3] * 20
    assert clips.add(piece(4)) is None
    assert clips.close() is None


def test_the_first_syllable_is_there_although_it_came_before_the_press() -> None:
    clips = Clips(RATE, pre_roll=0.03, longest=60.0)
    for value in range(10):
        clips.add(piece(value))
    clips.open()
    clips.add(piece(10))
    clip = clips.close()
    assert clip is not None
    assert sorted(set(clip.tolist())) == [8, 9, 10]


def test_what_was_in_one_clip_is_not_in_the_next() -> None:
    clips = Clips(RATE, pre_roll=0.1, longest=60.0)
    clips.open()
    clips.add(piece(1))
    clips.close()
    clips.open()
    clip = clips.close()
    assert clip is not None
    assert len(clip) == 0


def test_a_button_that_is_never_let_go_ends_the_clip_at_its_longest() -> None:
    clips = Clips(RATE, pre_roll=0.0, longest=0.05)
    clips.open()
    found = [clip for value in range(5) if (clip := clips.add(piece(value))) is not None]
    assert [len(clip) for clip in found] == [50]
    assert not clips.is_open


@pytest.mark.parametrize("presses", [1, 3])
def test_pressing_what_is_pressed_changes_nothing(presses: int) -> None:
    clips = Clips(RATE, pre_roll=0.0, longest=60.0)
    for _ in range(presses):
        clips.open()
        clips.add(piece(1))
    clip = clips.close()
    assert clip is not None
    assert len(clip) == 20 * presses
