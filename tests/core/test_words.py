from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.words import Segment, Unanswered


def said(*segments: tuple[int, str, bool]) -> Unanswered:
    words = Unanswered()
    for number, text, final in segments:
        words.hear(Segment(number, text, final, None))
    return words


def test_a_segment_grows() -> None:
    assert said((0, "what", False), (0, "what time", False), (0, "What time?", True)).text() == "What time?"


def test_segments_stand_in_the_order_in_which_they_were_spoken() -> None:
    assert said((2, "two", True), (1, "one", True)).text() == "one two"


def test_final_words_are_not_taken_back_by_partial_ones_that_come_late() -> None:
    words = said((0, "what time is it", True), (0, "what", False))
    assert words.text() == "what time is it"
    words.answered([0])
    words.hear(Segment(0, "what", False, None))
    assert words.text_of([0]) == "what time is it"


def test_a_late_segment_before_an_answered_one_is_not_lost() -> None:
    """Answered segments are a set, not a high-water mark."""
    words = said((3, "three", True))
    words.answered([3])
    assert not words.hear(Segment(2, "two", True, None))
    assert words.text() == "two"


def test_words_of_an_answered_segment_only_amend() -> None:
    words = said((0, "book a", False))
    words.answered([0])
    assert words.hear(Segment(0, "book a flight", True, None))
    assert words.text() == ""
    assert words.text_of([0]) == "book a flight"


def test_what_is_ignored_comes_back_when_it_was_the_beginning_of_more() -> None:
    words = said((0, "yeah", False))
    words.ignore([0])
    assert words.text() == ""
    words.hear(Segment(0, "Yeah.", False, None))
    assert words.text() == "", "the same words"
    words.hear(Segment(0, "yeah but stop", True, None))
    assert words.text() == "yeah but stop"


def test_segments_without_words_do_not_count_nor_pile_up() -> None:
    words = said((0, "", True), (1, "…", True), (2, "", False))
    assert words.numbers() == frozenset()
    assert words.settled()


def test_a_partial_that_comes_after_the_empty_final_is_no_word() -> None:
    words = said((0, "", True), (0, "uh", False))
    assert words.text() == ""


def test_settled_when_every_segment_with_words_is_final() -> None:
    words = said((0, "one", True), (1, "two", False))
    assert not words.settled()
    assert words.settled(but=frozenset({1}))


def test_words_beyond_some_segments() -> None:
    assert said((0, "question", True), (1, "stop", False)).text(but=frozenset({0})) == "stop"


def test_segments_that_say_one_of_some_texts() -> None:
    assert said((0, "Uh-huh.", True), (1, "stop", True)).listening({"uh-huh"}) == {0}


def test_the_language_is_that_of_the_last_words() -> None:
    words = Unanswered()
    words.hear(Segment(0, "bonjour", True, "fr"))
    words.hear(Segment(1, "hello", True, "en"))
    words.hear(Segment(2, "okay", False, None))
    assert words.language() == "en"


@given(st.lists(st.tuples(st.sampled_from("hai"), st.integers(0, 4), st.booleans()), max_size=30))
def test_every_segment_is_answered_ignored_or_pending(steps: list[tuple[str, int, bool]]) -> None:
    words, answered, ignored, heard = Unanswered(), set[int](), set[int](), set[int]()
    for step, number, final in steps:
        if step == "h":
            words.hear(Segment(number, f"word{number}", final, None))
            heard.add(number)
        elif step == "a":
            answered |= {number} & words.numbers()
            words.answered([number])
        else:
            ignored |= {number} & words.numbers()
            words.ignore([number])
    assert words.numbers() == heard - answered - ignored
    assert set(words.text_of(answered).split()) == {f"word{number}" for number in answered}
