import pytest

from voicegraph.core.echo import RECOGNITION, Echoes, is_echo

SPOKEN = "Once upon a time there was a lighthouse at the end of a long stone pier, and in it lived a keeper"


@pytest.mark.parametrize(
    "said", ["lived a keeper", "and in it lived a keeper", "stone pier and in it leaved a keeper", "Keeper.", "a long stone pier"]
)
def test_what_was_just_spoken_is_an_echo(said: str) -> None:
    assert is_echo(said, SPOKEN)


@pytest.mark.parametrize("said", ["stop", "who is the keeper of it", "what is a lighthouse for", "keeper lived it in and a", ""])
def test_other_words_are_not(said: str) -> None:
    assert not is_echo(said, SPOKEN)


def test_before_anything_was_spoken_nothing_is_an_echo() -> None:
    assert not is_echo("hello", "")


def lighthouse(delay: float = 0.0) -> Echoes:
    """A word every half second, from 10.0 on."""
    echoes, words = Echoes(), SPOKEN.split()
    echoes.delay = delay
    for count in range(1, len(words) + 1):
        echoes.left(10.0 + count / 2, " ".join(words[:count]))
    return echoes


def test_only_what_left_lately_comes_back() -> None:
    echoes = lighthouse()
    echoes.hear(20.0, 1)
    assert echoes.repeats(1, "stone pier and in it")
    assert not echoes.repeats(1, "once upon a time")


def test_the_window_is_as_much_longer_as_the_sound_is_on_its_way() -> None:
    left = 12.0  # "once upon a time"
    for delay, repeats in ((0.0, False), (1.0, True)):
        echoes = lighthouse(delay)
        echoes.hear(left + RECOGNITION + 0.4, 1)
        assert echoes.repeats(1, "a time") == repeats


def test_a_long_echo_is_compared_with_all_that_left_since_it_began() -> None:
    echoes = lighthouse()
    echoes.hear(11.0, 1)
    assert echoes.repeats(1, SPOKEN)


def test_what_left_is_forgotten_in_the_end() -> None:
    echoes = lighthouse()
    echoes.begin()
    echoes.left(200.0, "Hello.")
    echoes.hear(21.0, 1)
    assert not echoes.repeats(1, "in it lived a keeper")
