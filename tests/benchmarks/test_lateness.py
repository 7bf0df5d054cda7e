"""Lateness and missing sound, from packets made up here."""

from __future__ import annotations

import pytest

from benchmarks.callers.lateness import CLOCK, PAUSE, Packet, percentile, replies

TICKS = CLOCK // 50
LOUD, QUIET = (True,) * 4, (False,) * 4


def packet(n: int, late: float = 0.0, sound: tuple[bool, ...] = LOUD, skipped: int = 0, sequence: int | None = None) -> Packet:
    """The n-th packet of 20 ms of a stream; `skipped`: how many packets its timestamp has jumped over so far."""
    return Packet(10 + n * 0.02 + late, n if sequence is None else sequence, (n + skipped) * TICKS, sound)


def test_packets_on_their_clock_are_not_late() -> None:
    (reply,) = replies([packet(n) for n in range(100)])
    assert reply.late == pytest.approx([0.0] * 100)
    assert (reply.missing, reply.lost) == (0.0, 0)
    assert reply.seconds == pytest.approx(2.0)


def test_the_clock_is_that_of_the_quickest_packet_not_of_the_first() -> None:
    (reply,) = replies([packet(0, late=0.03), *(packet(n) for n in range(1, 10))])
    assert reply.late == pytest.approx([0.03] + [0.0] * 9)


def test_a_burst_after_a_stall_is_late_packet_by_packet() -> None:
    stalled = [packet(n, late=0.1 - 0.02 * (n - 5)) for n in range(5, 10)]  # all at once, 100 ms after the fifth was due
    (reply,) = replies([*(packet(n) for n in range(5)), *stalled, packet(10)])
    assert reply.late == pytest.approx([0] * 5 + [0.1, 0.08, 0.06, 0.04, 0.02] + [0])
    assert reply.missing == 0


def test_time_that_is_skipped_after_a_stall_counts_once_as_late_and_is_missing() -> None:
    before = [packet(n) for n in range(5)]
    after = [Packet(packet(n + 5).t, n, (n + 5) * TICKS, LOUD) for n in range(5, 10)]  # on time by timestamps, five packets were never sent
    (reply,) = replies([*before, *after])
    assert reply.late == pytest.approx([0] * 5 + [0.1] + [0] * 4)
    assert reply.missing == pytest.approx(0.1)


def test_a_packet_that_the_network_lost_is_lost_and_nobody_is_late() -> None:
    (reply,) = replies([packet(0), packet(1), packet(3), packet(4)])
    assert reply.late == pytest.approx([0] * 4)
    assert (reply.lost, reply.missing) == (1, 0)


def test_silence_inside_a_reply_is_missing_but_a_fade_is_not() -> None:
    fade, hole = (True, False, True, True), (True, False, False, True)
    (reply,) = replies([packet(0), packet(1, sound=fade), packet(2, sound=hole), packet(3, sound=QUIET), packet(4)])
    assert reply.missing == pytest.approx(0.03)


def test_a_pause_separates_replies_and_each_has_a_clock_of_its_own() -> None:
    pause = 20 + round((PAUSE + 0.2) / 0.02)
    later = [packet(n + pause, late=0.05) for n in range(20)]
    first, second = replies([*(packet(n) for n in range(20)), *(packet(n, sound=QUIET) for n in range(20, 25)), *later])
    assert first.late == pytest.approx([0] * 20)
    assert second.late == pytest.approx([0] * 20)
    assert first.missing == second.missing == 0


def test_discontinuous_transmission_before_and_after_a_reply_is_not_part_of_it() -> None:
    quiet = [Packet(9.6, 0, packet(0).timestamp - 20 * TICKS, QUIET)]
    (reply,) = replies([*quiet, *(packet(n, sequence=n + 1) for n in range(5)), packet(25, sound=QUIET, sequence=6)])
    assert len(reply.late) == 5
    assert reply.missing == 0


def test_packets_of_ten_milliseconds_are_taken_as_they_are() -> None:
    (reply,) = replies([Packet(n * 0.01, n, n * TICKS // 2, (True, True)) for n in range(10)])
    assert reply.late == pytest.approx([0] * 10)
    assert reply.missing == 0


def test_silence_is_no_reply() -> None:
    assert replies([]) == []
    assert replies([packet(n, sound=QUIET) for n in range(10)]) == []


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_percentiles_are_samples(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_nothing_has_a_percentile_of_zero() -> None:
    assert percentile([], 0.99) == 0
