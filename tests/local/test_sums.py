from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.local.sums import number, spoken, sum_in


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", "7"),
        ("1,000.5", "1000.5"),
        ("twelve", "12"),
        ("forty-two", "42"),
        ("a hundred", "100"),
        ("two hundred and five", "205"),
        ("three thousand four hundred twenty one", "3421"),
        ("two million", "2000000"),
        ("three point one four", "3.14"),
    ],
)
def test_numbers_in_digits_and_words(text: str, value: str) -> None:
    assert number(text) == Fraction(value)


@pytest.mark.parametrize("text", ["", "cat", "a", "and", "three point", "three point ten", "1.2.3", "1 2"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("two plus two", "2 plus 2 is 4."),
        ("twelve times seven", "12 times 7 is 84."),
        ("12*7", "12 times 7 is 84."),
        ("12 x 7 =", "12 times 7 is 84."),
        ("ten divided by four", "10 divided by 4 is 2.5."),
        ("1 / 3", "1 divided by 3 is about 0.3333."),
        ("3 - 10", "3 minus 10 is minus 7."),
        ("2 + 3 * 4 - 1", "2 plus 3 times 4 minus 1 is 13."),
        ("one over zero", "Nothing can be divided by zero."),
    ],
)
def test_sums(text: str, answer: str) -> None:
    assert sum_in(text) == answer


@pytest.mark.parametrize("text", ["", "7", "two plus", "plus two", "me times you", "what is love", "six times seven cats"])
def test_what_is_no_sum(text: str) -> None:
    assert sum_in(text) is None


@given(st.lists(st.sampled_from([*"0123456789 +-*/.x:,", " plus ", "two", "point", "hundred"]), max_size=30))
def test_no_text_breaks_it(pieces: list[str]) -> None:
    answer = sum_in("".join(pieces))
    assert answer is None or answer.endswith(".")


@given(st.integers(-1000, 1000), st.integers(0, 1000))
def test_sums_are_right(a: int, b: int) -> None:
    assert sum_in(f"{abs(a)} + {b}") == f"{abs(a)} plus {b} is {abs(a) + b}."
    assert spoken(Fraction(a)).replace("minus ", "-") == str(a)
