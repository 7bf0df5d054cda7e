from voicegraph.core.backoff import FIRST, MOST, STEADY, Backoff


def test_the_first_death_is_made_good_at_once() -> None:
    assert Backoff().delay(lived=0.1) == 0.0


def test_one_that_keeps_dying_young_waits_longer_each_time_up_to_a_limit() -> None:
    backoff = Backoff()
    delays = [backoff.delay(lived=0.1) for _ in range(10)]
    assert delays[:4] == [0.0, FIRST, 2 * FIRST, 4 * FIRST]
    assert delays[-1] == MOST


def test_one_that_worked_for_a_while_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.delay(lived=0.1)
    assert backoff.delay(lived=STEADY) == 0.0
    assert backoff.delay(lived=0.1) == FIRST
