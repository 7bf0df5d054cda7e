import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.sound import Pcm
from voicegraph.core.stereo import Side, Stereo

RATE = 1000


def both(*pieces: tuple[Side, int, int, float]) -> tuple[list[int], list[int]]:
    """The two channels after pieces of (side, value, samples, seconds)."""
    stereo = Stereo(RATE)
    done = [stereo.add(side, np.full(n, value, np.int16), t) for side, value, n, t in pieces]
    frames: Pcm = np.concatenate([*done, stereo.rest()]).reshape(-1, 2)
    return frames[:, 0].tolist(), frames[:, 1].tolist()


def test_each_side_has_its_channel() -> None:
    assert both((0, 1, 3, 5.0), (1, 2, 3, 5.0)) == ([1, 1, 1], [2, 2, 2])


def test_the_side_that_begins_later_begins_with_silence() -> None:
    left, right = both((0, 1, 500, 5.0), (1, 2, 100, 5.4))
    assert left == [1] * 500
    assert right == [0] * 400 + [2] * 100


def test_a_hole_is_silence() -> None:
    left, _ = both((0, 1, 100, 0.0), (0, 1, 100, 0.6))
    assert left == [1] * 100 + [0] * 500 + [1] * 100


def test_small_differences_in_time_are_not_believed() -> None:
    left, _ = both((0, 1, 100, 0.0), (0, 1, 100, 0.15), (0, 1, 100, 0.2))
    assert left == [1] * 300


def test_a_side_that_comes_too_late_is_cut_to_its_place() -> None:
    stereo = Stereo(RATE)
    stereo.add(1, np.full(100, 2, np.int16), 0.0)
    first = stereo.add(0, np.full(3000, 1, np.int16), 0.0)
    assert len(first) // 2 == 2000
    late = stereo.add(1, np.full(2900, 2, np.int16), 0.1)
    assert late.reshape(-1, 2)[:, 1].tolist() == [2] * 1000


def test_one_side_alone_is_written_with_a_delay() -> None:
    stereo = Stereo(RATE)
    given_out = sum(len(stereo.add(0, np.ones(20, np.int16), i * 0.02)) // 2 for i in range(100))
    assert given_out == 1000
    assert len(stereo.rest()) // 2 == 1000


def test_nothing_gives_nothing() -> None:
    assert len(Stereo(RATE).rest()) == 0


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 400), st.floats(0, 20)), max_size=40))
def test_whatever_comes_the_channels_are_whole(pieces: list[tuple[Side, int, float]]) -> None:
    left, right = both(*[(side, 1, n, t) for side, n, t in pieces])
    assert len(left) == len(right)
    assert sum(left) + sum(right) <= sum(n for _, n, _ in pieces)
