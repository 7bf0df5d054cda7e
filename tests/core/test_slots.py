from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from voicegraph.core.slots import Slots

EACH = 2


def slots(*workers: str, each: int = EACH) -> Slots[str]:
    found: Slots[str] = Slots(each)
    for worker in workers:
        found.join(worker)
    return found


def test_calls_go_to_the_least_loaded_and_in_rotation() -> None:
    lines = slots("a", "b", "c")
    assert [lines.take(str(n)) for n in range(6)] == ["a", "b", "c", "a", "b", "c"]
    assert lines.take("one too many") is None
    assert lines.taken == lines.total == 6


def test_a_slot_that_was_given_back_is_the_next_to_be_taken() -> None:
    lines = slots("a", "b")
    for n in range(4):
        lines.take(str(n))
    lines.give("1")
    assert not lines.full
    assert lines.take("4") == "b"
    assert lines.full


def test_after_a_quiet_time_the_rotation_goes_on_where_it_was() -> None:
    lines = slots("a", "b")
    lines.take("1")
    lines.give("1")
    assert lines.take("2") == "b"


def test_a_worker_takes_its_calls_and_its_slots_with_it() -> None:
    lines = slots("a", "b")
    for n in range(3):
        lines.take(str(n))
    assert lines.leave("a") == {"0", "2"}
    assert (lines.taken, lines.total) == (1, EACH)
    assert lines.where("0") is None
    assert lines.where("1") == "b"
    assert lines.leave("a") == frozenset()


def test_a_replacement_is_filled_first() -> None:
    lines = slots("a", "b")
    lines.take("1")
    lines.leave("b")
    lines.join("b'")
    assert [lines.take("2"), lines.loads()] == ["b'", {"a": 1, "b'": 1}]


def test_an_end_that_is_told_twice_counts_once() -> None:
    lines = slots("a")
    lines.take("1")
    lines.take("2")
    lines.give("1")
    lines.give("1")
    lines.give("nobody")
    assert lines.taken == 1


def test_without_workers_every_line_is_busy() -> None:
    assert slots().full
    assert slots().take("1") is None


def test_nobody_is_there_twice() -> None:
    lines = slots("a")
    lines.take("1")
    with pytest.raises(ValueError, match="already"):
        lines.join("a")
    with pytest.raises(ValueError, match="already"):
        lines.take("1")


class AnyOrder(RuleBasedStateMachine):
    """Offers, failures, ends and deaths in any order, against an account that is kept by hand."""

    @initialize(each=st.integers(1, 3), workers=st.integers(0, 3))
    def open(self, each: int, workers: int) -> None:
        self.each = each
        self.lines: Slots[int] = Slots(each)
        self.account: dict[int, set[str]] = {}
        self.numbers = 0
        for _ in range(workers):
            self.join()

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    @rule()
    def join(self) -> None:
        worker = self._number()
        self.lines.join(worker)
        self.account[worker] = set()

    @rule()
    def offer(self) -> None:
        call = str(self._number())
        worker = self.lines.take(call)
        fewest = min(map(len, self.account.values()), default=self.each)
        if worker is None:
            assert fewest == self.each
        else:
            assert len(self.account[worker]) == fewest < self.each
            self.account[worker].add(call)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([*sorted(set().union(*self.account.values())), "a stranger"]))
        self.lines.give(call)
        for calls in self.account.values():
            calls.discard(call)

    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        worker: Any = data.draw(st.sampled_from([*self.account, "a stranger"]))
        assert self.lines.leave(worker) == self.account.pop(worker, set())

    @invariant()
    def every_slot_is_accounted_for(self) -> None:
        assert self.lines.loads() == {worker: len(calls) for worker, calls in self.account.items()}
        assert self.lines.taken == sum(map(len, self.account.values()))
        assert self.lines.total == self.each * len(self.account)
        assert self.lines.full == all(len(calls) == self.each for calls in self.account.values())
        for worker, calls in self.account.items():
            assert all(self.lines.where(call) == worker for call in calls)


TestAnyOrder = AnyOrder.TestCase
