from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.captions import Captions, Line, border, words


def test_the_sure_words_come_first_and_then_what_the_quick_ones_are_ahead() -> None:
    captions = Captions()
    assert captions.fast(0, "what is") == [Line(0, "", "what is", False)]
    assert captions.fast(0, "what is the weather") == [Line(0, "", "what is the weather", False)]
    assert captions.slow(0, "What is", False) == [Line(0, "What is", "the weather", False)]
    assert captions.fast(0, "what is the weather in paris") == [Line(0, "What is", "the weather in paris", False)]
    assert captions.slow(0, "What is the weather in Paris?", True) == [Line(0, "What is the weather in Paris?", "", True)]


def test_what_is_ahead_of_a_line_that_is_over_begins_the_next() -> None:
    captions = Captions()
    captions.fast(0, "It is four. And")
    assert captions.slow(0, "It is four.", True) == [Line(0, "It is four.", "", True), Line(1, "", "And", False)]
    assert captions.fast(0, "It is four. And now five") == [Line(1, "", "And now five", False)]
    assert captions.slow(1, "And now", False) == [Line(1, "And now", "five", False)]


def test_segments_need_not_agree() -> None:
    captions = Captions()
    captions.fast(0, "one two")
    captions.fast(1, "three four")
    captions.fast(2, "five")
    assert captions.slow(0, "One, two, three.", True) == [Line(0, "One, two, three.", "", True), Line(1, "", "four five", False)]
    assert captions.slow(1, "Four", False) == [Line(1, "Four", "five", False)]


def test_words_that_one_of_them_misheard_do_not_move_the_border() -> None:
    captions = Captions()
    captions.fast(0, "I saw a whale there yesterday evening")
    assert captions.slow(0, "I saw the Wales yesterday", False) == [Line(0, "I saw the Wales yesterday", "evening", False)]


def test_a_late_correction_of_a_line_that_is_over_replaces_it() -> None:
    captions = Captions()
    captions.slow(0, "One", True)
    captions.fast(1, "two")
    assert captions.slow(0, "One more", True) == [Line(0, "One more", "", True)]
    assert captions.slow(0, "", False) == []


def test_late_words_of_what_is_settled_are_not_ahead_again() -> None:
    captions = Captions()
    captions.fast(0, "one")
    captions.fast(1, "two")
    captions.slow(0, "One", True)
    assert captions.fast(0, "one more") == []
    assert captions.fast(1, "two three") == [Line(1, "", "two three", False)]


def test_nothing_is_told_twice_and_silence_not_at_all() -> None:
    captions = Captions()
    assert captions.slow(0, "", False) == []
    assert captions.fast(0, "one") != []
    assert captions.fast(0, "one") == []


def test_scripts_without_spaces_are_compared_by_character() -> None:
    captions = Captions()
    captions.fast(0, "今日は天気が")
    assert captions.slow(0, "今日は", False) == [Line(0, "今日は", "天気が", False)]


@given(st.lists(st.sampled_from("alpha beta gamma delta epsilon zeta".split()), min_size=1, max_size=30), st.data())
def test_together_they_always_say_what_is_known(said: list[str], data: st.DataObject) -> None:
    numbered = [f"{word}{index}" for index, word in enumerate(said)]
    fast, slow = sorted((data.draw(st.integers(0, len(said)), "slow"), data.draw(st.integers(0, len(said)), "fast")), reverse=True)
    captions = Captions()
    captions.fast(0, " ".join(numbered[:fast]))
    [line] = captions.slow(0, " ".join(numbered[:slow]), False) or captions.fast(0, " ".join([*numbered[:fast], "more"]))
    assert f"{line.settled} {line.ahead}".split()[:fast] == numbered[:fast]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_border_is_always_within_what_is_pending(settled: str, pending: str) -> None:
    assert 0 <= border(words(settled), words(pending)) <= len(words(pending))


def test_a_long_line_is_as_exact_as_a_short_one() -> None:
    said = [f"word{index} " for index in range(500)]
    assert border(said[:480], said) == 480
