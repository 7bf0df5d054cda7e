from itertools import pairwise

import pytest

from voicegraph.core.wheel import PERIOD, SLOTS, TOGETHER, Tick, Wheel


class Calls:
    """Ticks that remember when they were called, and for how many periods."""

    def __init__(self, rest: int = 1) -> None:
        self.rest = rest
        self.times: list[float] = []
        self.periods: list[int] = []

    def tick(self, periods: int) -> int:
        self.periods.append(periods)
        return self.rest


def run(wheel: Wheel, calls: dict[Tick, Calls], since: float, until: float, late: float = 0.0) -> None:
    """Turn the wheel at each of its deadlines, `late` seconds after them."""
    while (deadline := wheel.deadline) is not None and deadline <= until:
        now = max(deadline, since) + late
        for tick, periods in wheel.turn(now):
            calls[tick].times.append(now)
            wheel.rest(tick, tick(periods))


def added(wheel: Wheel, *each: Calls, now: float = 0.0) -> dict[Tick, Calls]:
    found: dict[Tick, Calls] = {}
    for one in each:
        tick = one.tick
        found[tick] = one
        wheel.add(tick, now)
    return found


def test_everybody_is_due_every_20_ms_from_the_first_period_on() -> None:
    wheel, calls = Wheel(), [Calls() for _ in range(10)]
    run(wheel, added(wheel, *calls, now=5.003), 5.003, 5.2)
    for each in calls:
        assert each.times[0] < 5.003 + PERIOD + 1e-9
        assert [later - sooner for sooner, later in pairwise(each.times)] == pytest.approx([PERIOD] * (len(each.times) - 1))
        assert set(each.periods) == {1}


def test_many_calls_share_few_wake_ups_and_are_spread_over_them() -> None:
    wheel, calls = Wheel(), [Calls() for _ in range(10 * SLOTS)]
    run(wheel, added(wheel, *calls), 0.0, 0.5)
    firsts = [round(each.times[0], 6) for each in calls]
    assert len(set(firsts)) == SLOTS
    assert all(firsts.count(first) == 10 for first in firsts)


def test_few_calls_share_one_wake_up_and_their_places_are_taken_again() -> None:
    wheel, calls = Wheel(), [Calls() for _ in range(TOGETHER + 1)]
    known = added(wheel, *calls)
    wheel.remove(calls[0].tick)
    known |= added(wheel, late := Calls(), now=0.001)
    run(wheel, known, 0.001, 0.2)
    firsts = [each.times[1] % PERIOD for each in [late, *calls[1:]]]
    assert len({round(first, 6) for first in firsts[:-1]}) == 1
    assert firsts[-1] != pytest.approx(firsts[0])


def test_lateness_does_not_add_up() -> None:
    wheel, one = Wheel(), Calls()
    run(wheel, added(wheel, one), 0.0, 1.0, late=0.013)
    assert one.times[-1] - one.times[0] == pytest.approx(PERIOD * (len(one.times) - 1))


def test_after_a_stall_there_is_no_burst_and_the_periods_are_told() -> None:
    wheel, one = Wheel(), Calls()
    calls = added(wheel, one)
    run(wheel, calls, 0.0, 0.1)
    count = len(one.times)
    run(wheel, calls, 0.25, 0.4)
    assert one.periods[count] > 5
    assert sum(one.periods) * PERIOD == pytest.approx(one.times[-1] - one.times[0] + PERIOD, abs=PERIOD)
    assert one.times[count + 1] - one.times[count] <= PERIOD + 1e-9


def test_who_asks_for_rest_is_left_alone_and_can_be_woken() -> None:
    wheel, one = Wheel(), Calls(rest=20)
    calls = added(wheel, one)
    run(wheel, calls, 0.0, 1.0)
    assert [later - sooner for sooner, later in pairwise(one.times)] == pytest.approx([0.4] * (len(one.times) - 1))
    woken = one.times[-1] + 0.105
    wheel.wake(one.tick, woken)
    deadline = wheel.deadline
    assert deadline is not None
    assert woken <= deadline <= woken + PERIOD
    run(wheel, calls, woken, deadline)
    assert one.periods[-1] == 6


def test_waking_who_is_awake_changes_nothing() -> None:
    wheel, one = Wheel(), Calls()
    calls = added(wheel, one)
    run(wheel, calls, 0.0, 0.1)
    before = wheel.deadline
    wheel.wake(one.tick, one.times[-1] + 0.001)
    assert wheel.deadline == before
    wheel.wake(Calls().tick, 0.0)


def test_who_is_removed_is_not_called_and_the_wheel_stops() -> None:
    wheel, one = Wheel(), Calls()
    calls = added(wheel, one)
    wheel.remove(one.tick)
    wheel.remove(one.tick)
    wheel.rest(one.tick, 3)
    assert wheel.deadline is None
    run(wheel, calls, 0.0, 1.0)
    assert not one.times
