from __future__ import annotations

from voicegraph.core.failover import FIRST_PAUSE, LONGEST_PAUSE, PROVEN, Failover


def test_the_best_choice_is_the_first_that_is_not_down() -> None:
    record = Failover(3)
    assert record.best(0.0) == 0
    record.failed(0.0, 0)
    assert record.best(0.0) == 1
    record.failed(0.0, 1)
    assert record.best(0.0) == 2
    record.failed(0.0, 2)
    assert record.best(0.0) is None


def test_a_better_one_is_tried_again_after_a_pause() -> None:
    record = Failover(2)
    record.failed(10.0, 0)
    assert record.deadline(1) == 10.0 + FIRST_PAUSE
    assert record.better(10.0 + FIRST_PAUSE - 0.01, 1) is None
    assert record.better(10.0 + FIRST_PAUSE, 1) == 0
    assert record.deadline(0) is None, "nothing is better than the first"


def test_pauses_grow_up_to_a_limit() -> None:
    record, now, pauses = Failover(2), 0.0, []
    for _ in range(10):
        record.failed(now, 0)
        again = record.deadline(1)
        assert again is not None
        pauses.append(again - now)
        now = again
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_who_has_worked_for_long_is_trusted_anew_and_who_has_not_is_not() -> None:
    for worked, pause in ((PROVEN, FIRST_PAUSE), (PROVEN - 1, 2 * FIRST_PAUSE)):
        record = Failover(2)
        record.failed(0.0, 0)
        record.works(100.0, 0)
        record.works(100.0 + worked / 2, 0)
        record.failed(100.0 + worked, 0)
        assert record.deadline(1) == 100.0 + worked + pause
