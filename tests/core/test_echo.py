import pytest

from voicegraph.core.echo import is_echo

SPOKEN = "Once upon a time there was a lighthouse at the end of a long stone pier, and in it lived a keeper"


@pytest.mark.parametrize(
    "said", ["lived a keeper", "and in it lived a keeper", "stone pier and in it leaved a keeper", "Keeper.", "a long stone pier"]
)
def test_what_was_just_spoken_is_an_echo(said: str) -> None:
    assert is_echo(said, SPOKEN)


@pytest.mark.parametrize(
    "said", ["stop", "who is the keeper of it", "what is a lighthouse for", "keeper lived it in and a", "", "Once upon a time there was"]
)
def test_other_words_and_words_of_long_ago_are_not(said: str) -> None:
    assert not is_echo(said, SPOKEN)


def test_before_anything_was_spoken_nothing_is_an_echo() -> None:
    assert not is_echo("hello", "")
