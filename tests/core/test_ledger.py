from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.ledger import Ledger, Mark, Span

RATE = 1000


def spoken(*pieces: tuple[str, int], ends: bool = True) -> Ledger:
    """A ledger with these pieces of text, each spoken by so many samples."""
    ledger, at = Ledger(RATE), 0
    for text, samples in pieces:
        ledger.append(samples, Span(text, at), (), ends)
        at += len(text)
    return ledger


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (0, ""),
        (10, ""),
        (100, "one"),
        (240, "one"),
        (320, "one two"),
        (500, "one two"),
        (540, "one two six."),
        (649, "one two six."),
        (650, "one two six. "),
    ],
)
def test_words_are_heard_when_more_than_half_of_them_has_left(played: int, heard: str) -> None:
    assert spoken(("one two six. ", 650)).heard(played) == heard


def test_pieces_are_heard_one_after_the_other() -> None:
    ledger = spoken(("One two. ", 400), ("Three four. ", 600))
    assert ledger.heard(400) == "One two. "
    assert ledger.heard(700) == "One two. Three"
    assert ledger.heard(1000) == "One two. Three four. "


def test_word_timings_say_where_words_begin() -> None:
    ledger = Ledger(RATE)
    ledger.append(1000, Span("slow and fast", 0), (Mark(0.0, 0), Mark(0.8, 5), Mark(0.9, 9)), ends=True)
    assert ledger.heard(390) == ""
    assert ledger.heard(420) == "slow"
    assert ledger.heard(800) == "slow"
    assert ledger.heard(860) == "slow and"
    assert ledger.heard(1000) == "slow and fast"


def test_word_timings_count_from_the_frame_that_carries_them() -> None:
    ledger, span = Ledger(RATE), Span("one two", 0)
    ledger.append(500, span, (Mark(0.0, 0),), ends=False)
    ledger.append(500, span, (Mark(0.4, 4),), ends=True)
    assert ledger.heard(460) == "one"
    assert ledger.heard(940) == "one"
    assert ledger.heard(960) == "one two"


def test_the_length_of_a_piece_that_is_still_made_is_guessed_from_those_before() -> None:
    ledger = spoken(("aaaa bbbb ", 1000))
    ledger.append(100, Span("cccc dddd ", 10), (), ends=False)
    assert ledger.heard(1100) == "aaaa bbbb "
    ledger.append(300, Span("cccc dddd ", 10), (), ends=False)
    assert ledger.heard(1400) == "aaaa bbbb cccc"


def test_without_anything_before_a_typical_voice_is_assumed() -> None:
    ledger = Ledger(RATE)
    ledger.append(400, Span("fifteen letters", 0), (), ends=False)
    assert ledger.heard(400) == "fifteen"


def test_a_piece_has_ended_when_the_next_one_begins() -> None:
    ledger = spoken(("One. ", 100), ("Two. ", 100), ends=False)
    assert ledger.heard(150).startswith("One. ")


def test_a_reply_whose_voice_never_said_that_a_piece_has_ended_is_heard_to_its_end() -> None:
    ledger = spoken(("Some words that nobody speaks so fast. ", 100), ends=False)
    assert ledger.heard(100) != "Some words that nobody speaks so fast. "
    ledger.finish()
    assert ledger.heard(100) == "Some words that nobody speaks so fast. "


def test_sound_without_text_moves_what_follows() -> None:
    ledger = Ledger(RATE)
    ledger.append(500, None, (), ends=False)
    ledger.append(500, Span("word", 0), (), ends=True)
    assert ledger.heard(500) == ""
    assert ledger.heard(1000) == "word"


@given(st.lists(st.tuples(st.text("ab .", min_size=1, max_size=12), st.integers(0, 50)), max_size=6), st.integers(0, 300), st.integers(0, 300))
def test_what_was_heard_is_the_beginning_of_the_text_and_only_grows(pieces: list[tuple[str, int]], some: int, more: int) -> None:
    ledger = spoken(*pieces)
    whole = "".join(text for text, _ in pieces)
    first, second = sorted((some, more))
    assert whole.startswith(ledger.heard(second))
    assert ledger.heard(second).startswith(ledger.heard(first))
    assert ledger.heard(ledger.samples + 1) == whole


SOUND = st.tuples(st.sampled_from(["one two ", "three.", "and four more "]), st.integers(0, 40), st.booleans(), st.integers(0, 60))
"""Text of a piece, samples of it, whether there are no more, and how much has been played before the next comes."""


@given(st.lists(SOUND, max_size=8), st.booleans())
def test_asking_for_every_sample_gives_what_asking_once_gives(sounds: list[tuple[str, int, bool, int]], finished: bool) -> None:
    asked, at, played, appended = Ledger(RATE), 0, 0, list[tuple[int, Span, bool]]()
    for text, samples, ends, more in [*sounds, ("", 0, False, 400)]:
        if text:
            appended.append((samples, Span(text, at), ends))
            asked.append(samples, Span(text, at), (), ends)
            at += len(text)
        elif finished:
            asked.finish()
        for now in range(played, played + more):
            assert asked.heard(now) == fresh(appended, finished and not text).heard(now)
        played += more


def fresh(sounds: list[tuple[int, Span, bool]], finished: bool) -> Ledger:
    ledger = Ledger(RATE)
    for samples, span, ends in sounds:
        ledger.append(samples, span, (), ends)
    if finished:
        ledger.finish()
    return ledger


def test_the_silence_after_a_clause_speaks_no_word() -> None:
    ledger = Ledger(1000)
    ledger.append(1000, Span("one two", 0), (), ends=False)
    ledger.append(1000, Span("one two", 0), (), ends=True, voiced=0)
    assert ledger.heard(900) == "one two", "both were spoken in the first second"
    assert ledger.heard(400) == "one"


def test_a_piece_that_has_ended_has_its_own_pace() -> None:
    ledger = spoken(("slow slow ", 1000), ("fast fast ", 400))
    assert ledger.heard(1300) == "slow slow fast fast"


def test_a_span_that_begins_inside_of_the_one_before_takes_over_from_there() -> None:
    ledger = Ledger(RATE)
    ledger.append(RATE, Span("It is four. ", 0), (), ends=False)
    ledger.append(RATE, Span("four. And more.", 6), (), ends=True)
    assert ledger.heard(RATE) == "It is "
    assert ledger.heard(2 * RATE) == "It is four. And more."


def test_what_is_only_shown_has_reached_the_caller_when_all_before_it_has() -> None:
    ledger = spoken(("Look: ", 400))
    ledger.append(0, Span("[a picture]", 6, spoken=False), (), ends=True)
    ledger.append(300, Span(" Nice.", 17), (), ends=True)
    assert ledger.heard(399) == "Look:"
    assert ledger.heard(400) == "Look: [a picture]"
    assert ledger.heard(700) == "Look: [a picture] Nice."
