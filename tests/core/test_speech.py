import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.speech import SILENCE, Blocks, Edge, PreRoll, SpeechGate, level

FRAME = 0.02


def edges(decisions: str, start: float = 0.06, stop: float = 0.2) -> list[tuple[bool, int, int]]:
    """The edges over frames of 20 ms (`#` voiced, `.` unvoiced): what, when it was, when it was known; in ms."""
    gate = SpeechGate(start, stop)
    found = []
    for i, decision in enumerate(decisions, 1):
        if edge := gate.feed(decision == "#", FRAME, i * FRAME):
            found.append((edge.on, round(edge.t * 1000), round(i * FRAME * 1000)))
    return found


def test_speech_starts_after_enough_voiced_frames_and_is_dated_back() -> None:
    assert edges("...###") == [(True, 60, 120)]


def test_too_little_sound_is_not_speech() -> None:
    assert edges("...##......##.....#......") == []


def test_one_unvoiced_frame_inside_the_onset_is_forgiven() -> None:
    assert edges("..#.##") == [(True, 40, 120)]


def test_two_unvoiced_frames_begin_the_onset_anew() -> None:
    assert edges("..##..##.#") == [(True, 120, 200)]


def test_speech_stops_after_enough_silence_and_is_dated_back() -> None:
    assert edges("###" + "." * 10) == [(True, 0, 60), (False, 60, 260)]


def test_a_pause_between_words_is_not_the_end() -> None:
    assert edges("###" + "........##" * 4) == [(True, 0, 60)]


def test_one_voiced_frame_in_the_silence_is_forgiven() -> None:
    assert edges("###" + ".....#.....") == [(True, 0, 60), (False, 60, 280)]


@given(st.text(alphabet="#.", max_size=300), st.floats(0.02, 0.2), st.floats(0.02, 0.4))
def test_starts_and_stops_alternate_and_time_runs_forward(decisions: str, start: float, stop: float) -> None:
    found = edges(decisions, start, stop)
    assert [on for on, _, _ in found] == [i % 2 == 0 for i in range(len(found))]
    times = [t for _, t, _ in found]
    assert times == sorted(times)
    assert all(t < known for _, t, known in found)


def test_an_edge_is_plain_data() -> None:
    gate = SpeechGate(0.02, 0.02)
    assert gate.feed(True, 0.25, 1.25) == Edge(True, 1.0)
    assert gate.on


def test_level() -> None:
    assert level(np.full(160, 32767, np.int16)) == pytest.approx(0, abs=0.01)
    assert level(np.full(160, 3277, np.int16)) == pytest.approx(-20, abs=0.01)
    assert level(np.zeros(160, np.int16)) == SILENCE
    assert level(np.zeros(0, np.int16)) == SILENCE


@given(st.lists(st.integers(0, 50), max_size=30))
def test_blocks_lose_nothing_and_know_what_follows_them(sizes: list[int]) -> None:
    samples = np.arange(sum(sizes), dtype=np.int16)
    blocks = Blocks(16)
    found: list[int] = []
    taken = 0
    for size in sizes:
        chunk = samples[taken : taken + size]
        taken += size
        for block, after in blocks.feed(chunk):
            assert len(block) == 16
            found += block.tolist()
            assert found[-1] == taken - after - 1
    assert found == samples[: len(samples) // 16 * 16].tolist()


@given(st.lists(st.integers(0, 50), max_size=30))
def test_the_pre_roll_holds_the_latest_sound_once(sizes: list[int]) -> None:
    samples = np.arange(sum(sizes), dtype=np.int16)
    ring = PreRoll(60)
    for chunk in np.split(samples, np.cumsum(sizes)[:-1]) if sizes else []:
        ring.add(chunk)
    held = ring.take()
    assert held.tolist() == samples[len(samples) - len(held) :].tolist()
    assert min(60, len(samples)) <= len(held) < 60 + 50
    assert len(ring.take()) == 0
