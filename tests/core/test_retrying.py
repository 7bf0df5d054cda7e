from voicegraph.core.retrying import PAUSES, SOON, Retries


def waits(retries: Retries) -> list[float]:
    pauses = []
    while (pause := retries.lost()) is not None:
        pauses.append(pause)
    return pauses


def test_an_answer_that_has_not_begun_is_asked_for_again_with_growing_pauses() -> None:
    assert waits(Retries()) == list(PAUSES) == sorted(PAUSES)


def test_it_is_given_up_sooner_where_a_stand_in_waits() -> None:
    assert waits(Retries(replaceable=True)) == list(SOON)
    assert sum(SOON) < sum(PAUSES)


def test_an_answer_that_has_begun_would_be_said_twice() -> None:
    retries = Retries()
    assert retries.lost() is not None
    retries.begun()
    assert retries.lost() is None


def test_an_answer_that_can_be_gone_on_with_is_asked_for_again_at_any_point() -> None:
    retries = Retries(resumable=True)
    retries.begun()
    assert waits(retries) == list(PAUSES)
