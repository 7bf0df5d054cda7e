from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.continuation import BREAK, Continuation


def joined(begun: str, *pieces: str) -> str:
    continuation = Continuation(begun)
    return begun + "".join(map(continuation.add, pieces))


@pytest.mark.parametrize(
    ("begun", "pieces", "whole"),
    [
        ("", ("Hel", "lo."), "Hello."),
        ("It is", ("It ", "is four."), "It is four."),
        ("It is", ("It", " is"), "It is"),
        ("It is", ("It",), "It is"),
        ("It is", ("Four", " it is."), f"It is{BREAK}Four it is."),
        ("It is", ("It ", "was four."), f"It is{BREAK}It was four."),
    ],
)
def test_what_was_begun_goes_on(begun: str, pieces: tuple[str, ...], whole: str) -> None:
    assert joined(begun, *pieces) == whole


@given(answer=st.text(max_size=40), begun=st.integers(0, 40), cuts=st.lists(st.integers(0, 40), max_size=5))
def test_the_same_answer_is_never_heard_twice_however_it_comes(answer: str, begun: int, cuts: list[int]) -> None:
    ends = [*sorted(cut for cut in cuts if cut < len(answer)), len(answer)]
    pieces = [answer[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert joined(answer[:begun], *pieces) == answer
