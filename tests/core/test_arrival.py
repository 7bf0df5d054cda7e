from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.arrival import CLOCK, IDLE, IDLE_STEP, MAX_GAP, WAIT_MAX, WAIT_MIN, Arrival, Packet, Step, duration

TOC = 0xF8
"""CELT, fullband, 20 ms, one frame."""
TICKS = 960


def packet(number: int, *, late_start: int = 0) -> Packet:
    """Number n of a steady stream, whose payload says n."""
    payload = bytes([TOC, number % 256])
    return Packet((number + late_start) % 65536, (number * TICKS + late_start) % (1 << 32), payload)


def numbers(steps: Sequence[Step]) -> list[int | None]:
    """Which packets these steps play; None for made-up sound."""
    return [None if step.payload is None else step.payload[1] for step in steps]


def feed(arrival: Arrival, order: Sequence[int], start: int = 0) -> list[int | None]:
    """Packets that arrive in this order, one each 20 ms, with `expire` called in between as it wants to be."""
    steps: list[Step] = []
    for place, number in enumerate(order):
        now = place * 0.02
        while (deadline := arrival.deadline) is not None and deadline < now:
            steps += arrival.expire(deadline)
        steps += arrival.add(packet(number, late_start=start), now)
    while arrival.deadline is not None and (held := arrival.expire(arrival.deadline)) and held[0].payload is not None:
        steps += held
    return numbers(steps)


@pytest.mark.parametrize(
    ("payload", "ticks"),
    [
        (b"", 0),
        (b"\x08x", 960),  # SILK 20 ms
        (b"\x18x", 2880),  # SILK 60 ms
        (b"\x68x", 960),  # hybrid 20 ms
        (b"\xe0x", 120),  # CELT 2.5 ms
        (b"\xf8x", 960),  # CELT 20 ms
        (b"\xf9x", 1920),  # two frames of the same size
        (b"\xfb\x03x", 2880),  # code 3: a count
        (b"\xfb", 0),  # and its count is missing
    ],
)
def test_the_length_is_read_from_the_packet(payload: bytes, ticks: int) -> None:
    assert duration(payload) == ticks


@pytest.mark.parametrize(
    ("order", "played"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3]),
        ([0, 2, 1, 3], [0, 1, 2, 3]),  # a swapped pair costs nothing
        ([0, 1, 1, 2, 0], [0, 1, 2]),  # repetitions vanish
        ([0, 1, 3, 4, 5], [0, 1, None, 3, 4, 5]),  # a loss is made up
        ([0, 1, 4, 5, 6], [0, 1, None, 4, 5, 6]),
        ([0, 1, 3, 4, 5, 2, 6], [0, 1, None, 3, 4, 5, 6]),  # too late is lost
        ([0, 1, 2, 4, 6, 7, 8], [0, 1, 2, None, 4, None, 6, 7, 8]),
    ],
)
@pytest.mark.parametrize("start", [0, 65534])
def test_packets_are_played_in_order(order: list[int], played: list[int | None], start: int) -> None:
    assert feed(Arrival(), order, start) == played


def test_a_packet_in_order_does_not_wait() -> None:
    arrival = Arrival()
    assert numbers(arrival.add(packet(0), 0.0)) == [0]
    assert numbers(arrival.add(packet(1), 5.0)) == [1]


def test_a_gap_is_given_up_after_the_wait_and_filled_by_its_length() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    assert arrival.add(packet(3), 0.06) == []
    assert arrival.deadline == pytest.approx(0.06 + WAIT_MIN)
    assert arrival.expire(0.07) == []
    assert arrival.expire(0.081) == [Step(None, 2 * TICKS), Step(packet(3).payload, TICKS)]


def test_the_wait_follows_the_jitter_within_its_bounds() -> None:
    steady, shaky = Arrival(), Arrival()
    for number in range(100):
        steady.add(packet(number), number * 0.02)
        shaky.add(packet(number), number * 0.02 + 0.03 * (number % 2))
    assert steady.wait == WAIT_MIN
    assert shaky.wait == WAIT_MAX


def test_a_loss_does_not_delay_what_comes_after() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    arrival.add(packet(2), 0.04)
    arrival.expire(0.04 + WAIT_MAX)
    assert numbers(arrival.add(packet(3), 0.085)) == [3]


def test_a_long_gap_is_not_made_up() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    far = MAX_GAP // TICKS + 2
    arrival.add(packet(far), 0.05)
    assert numbers(arrival.expire(0.1)) == [far]


@pytest.mark.parametrize("jump", [200, -200, 30_000])
def test_a_jump_of_the_sequence_is_a_new_beginning(jump: int) -> None:
    arrival = Arrival()
    arrival.add(packet(1000), 0.0)
    steps = arrival.add(Packet(1000 + jump, 77, b"\xf8\x07"), 0.02)
    assert numbers(steps) == [7]
    assert numbers(arrival.add(Packet(1001 + jump, 77 + TICKS, b"\xf8\x08"), 0.04)) == [8]


def test_what_is_held_is_played_before_a_new_beginning() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    arrival.add(packet(2), 0.02)
    assert numbers(arrival.add(packet(500), 0.03)) == [None, 2, 500 % 256]


def test_time_goes_on_without_a_sender() -> None:
    arrival = Arrival()
    assert arrival.deadline is None
    arrival.add(packet(0), 1.0)
    assert arrival.deadline == pytest.approx(1.0 + IDLE)
    assert arrival.expire(1.0 + IDLE) == [Step(None, round(IDLE * CLOCK))]
    assert arrival.deadline == pytest.approx(1.0 + IDLE + IDLE_STEP)
    assert arrival.expire(1.0 + IDLE + IDLE_STEP) == [Step(None, round(IDLE_STEP * CLOCK))]


def test_silence_that_was_made_up_already_is_not_made_up_again() -> None:
    """A sender that pauses (DTX) counts on: the jump of its timestamp is the time that has been filled."""
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    arrival.expire(0.12)
    assert numbers(arrival.add(Packet(1, 7 * TICKS, b"\xf8\x01"), 0.14)) == [1]


def test_speech_that_a_stall_held_up_is_all_played() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    arrival.expire(0.12)
    burst = [step for number in range(1, 8) for step in arrival.add(packet(number), 0.16)]
    assert numbers(burst) == [1, 2, 3, 4, 5, 6, 7]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=80), st.integers(0, 65535))
def test_nothing_is_played_twice_or_backwards(order: list[int], start: int) -> None:
    played = [number for number in feed(Arrival(), order, start) if number is not None]
    assert played == sorted(set(played))


@given(st.permutations(range(12)))
def test_every_packet_in_time_is_played(order: list[int]) -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    steps = [step for number in order for step in arrival.add(packet(number), 0.001)]
    assert numbers(steps) == list(range(1, 12))


def test_a_sender_that_says_it_pauses_is_not_waited_for() -> None:
    arrival = Arrival()
    arrival.add(packet(0), 0.0)
    assert arrival.deadline == pytest.approx(IDLE)
    arrival.add(Packet(1, TICKS, bytes([TOC])), 0.02)
    assert arrival.deadline == pytest.approx(0.02 + IDLE_STEP)
    [step] = arrival.expire(0.02 + IDLE_STEP)
    assert step == Step(None, round(IDLE_STEP * CLOCK))
    arrival.add(Packet(2, 21 * TICKS, packet(2).payload), 0.42)
    assert arrival.deadline == pytest.approx(0.42 + IDLE), "it speaks again"
