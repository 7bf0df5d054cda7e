"""What is made of a ramp: the knee, costs per call, the bars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.load import Step, as_json, figures, from_json, knee, near, per_call

ONE = Step(
    calls=1,
    late_median=0.001,
    late_p99=0.003,
    late_worst=0.005,
    missing=0.0,
    spoken=6.0,
    silent_calls=0,
    lost=0,
    cpu=0.05,
    memory=140_000_000,
    tasks=30,
    threads=6,
    callers=0.02,
    stand_in=0.01,
    others=0.0,
    sent_late=0.001,
)


def ramp(*late: float) -> list[Step]:
    """Steps of 1, 10, 20, … calls with these 99th percentiles; each call adds 2 % of a core, 1 MB, 20 tasks and no thread."""
    found = []
    for n, seconds in enumerate(late):
        calls = max(1, 10 * n)
        more = calls - 1
        found.append(replace(ONE, calls=calls, late_p99=seconds, cpu=0.05 + 0.02 * more, memory=140_000_000 + 1_000_000 * more, tasks=30 + 20 * more))
    return found


def test_the_knee_is_the_last_number_before_the_first_that_was_too_many() -> None:
    assert knee(ramp(0.001, 0.005, 0.012, 0.03, 0.01)) == 20


def test_a_step_with_a_caller_who_heard_nothing_is_not_carried() -> None:
    steps = ramp(0.001, 0.005)
    assert knee([steps[0], replace(steps[1], silent_calls=1)]) == 1


def test_a_step_that_other_programs_disturbed_says_nothing_against_a_later_one() -> None:
    one, ten, twenty = ramp(0.001, 0.08, 0.012)
    assert knee([one, replace(ten, others=0.3), twenty]) == 20
    assert knee([one, ten, twenty]) == 1


def test_a_server_that_carries_none_has_a_knee_of_zero() -> None:
    assert knee(ramp(0.05)) == 0


def test_costs_per_call_leave_the_first_out() -> None:
    steps = ramp(0.001, 0.001, 0.001, 0.001)
    assert per_call(steps, "memory") == pytest.approx(1_000_000)
    assert per_call(steps, "tasks") == pytest.approx(20)
    assert per_call(steps, "threads") == 0


def test_a_ramp_that_ended_early_is_compared_at_its_last_step() -> None:
    assert near(ramp(0.001, 0.001), 30).calls == 10


def test_bars_that_are_not_reached_are_shown_as_such() -> None:
    steps = ramp(0.001, 0.001, 0.03, 0.04)
    bars = {figure.name: figure for figure in figures("agent", steps)}
    calls = bars["agent: calls on one core, 99 % of packets less than 20 ms late"]
    assert (calls.median, calls.reached()) == (10, False)
    assert not bars["agent: 99th percentile of lateness with 30 calls"].reached()
    assert bars["agent: memory per call after the first"].reached()
    assert bars["agent: asyncio tasks per call"].reached()


def test_missing_sound_is_told_per_minute_of_reply() -> None:
    (step,) = ramp(0.001)
    (found,) = [each for each in figures("agent", [replace(step, missing=0.1, spoken=30.0)]) if "missing" in each.name]
    assert found.median == pytest.approx(200)
    assert not found.reached()


def test_steps_survive_their_file() -> None:
    steps = [ONE, replace(ONE, calls=10, late_p99=0.0125, cpu=0.375)]
    assert from_json(as_json(steps)) == steps
