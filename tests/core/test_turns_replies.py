"""Who has the floor while the reply is being made, and replies that nobody asked for by voice. Times are seconds."""

from __future__ import annotations

from voicegraph.core.policy import Policy
from voicegraph.core.turns import Ask, Drop, Turns
from voicegraph.core.words import Segment
from voicegraph.testing.floor import Floor


def asked() -> Floor:
    """At 2.0 s, the reply to this has been confirmed (at 1.45) and has just begun to sound."""
    floor = Floor().on().to(1).off().final(0, "What time is it?").to(1.99)
    return floor.to(2.0).sounds()


# --- while the reply is being made ---------------------------------------------------------------------------------------------------


def thinking() -> Floor:
    """At 2.0 s a reply has been confirmed (at 1.45) and is still being made."""
    return Floor().on().to(1).off().final(0, "What time is it?").to(2.0)


def test_speech_keeps_a_reply_from_starting() -> None:
    assert thinking().on().to(2.5).since(2) == [(2.22, "paused")]


def test_words_while_thinking_go_on_with_the_turn() -> None:
    floor = thinking().on().to(2.5).words(1, "in Rome").heard(False).to(2.7).off().final(1, "in Rome?").to(5)
    assert floor.since(2.3) == [
        (2.5, "drop continued"),
        (2.7, "begin What time is it? in Rome?"),
        (3.15, "confirm silence"),
    ]


def test_words_that_nobody_answered_are_not_answered_before_the_last_reply_is_settled() -> None:
    floor = asked().to(3).on().to(3.3).words(1, "Stop.").off().final(1, "Stop.").to(9)
    assert floor.notes[-1] == "drop interrupted"
    assert floor.heard().notes[-2:] == ["begin Stop.", "confirm silence"]


def test_sound_that_left_while_the_reply_was_dropped_counts_as_its_answer() -> None:
    """The fact that it began to sound was on its way: the history has the words, so they are not asked again."""
    floor = thinking().type("Hi").heard(sounded=True).to(2.5).sounds().to(3).drains().heard().to(9)
    assert floor.since(2) == [(2.0, "drop typed"), (2.0, "begin Hi"), (2.0, "confirm asked"), (3.0, "drop finished")]


def test_a_reply_that_does_not_come_is_given_up() -> None:
    floor = thinking().to(20)
    assert floor.since(2) == [(9.45, "drop too slow")]


def test_the_time_of_a_tool_is_not_that_of_the_reply() -> None:
    floor = thinking().to(5).works(True).to(30).works(False).to(60)
    assert floor.since(2) == [(38.0, "drop too slow")], "8 s after the tool"


def test_a_tool_that_works_before_the_turn_is_certain_counts_too() -> None:
    floor = Floor().on().to(1).off().final(0, "What is the weather like").to(1.2).works(True).to(20)
    assert floor.notes[-1].startswith("confirm")


def apologetic() -> Floor:
    """As `thinking`, by somebody who apologises."""
    return Floor(Policy(apology="Sorry.")).on().to(1).off().final(0, "What time is it?").to(2.0)


def test_a_reply_that_fails_or_does_not_come_is_apologised_for() -> None:
    floor = apologetic().stop("failed").heard(False).to(3)
    assert floor.since(2) == [(2.0, "drop failed"), (2.0, "begin Sorry."), (2.0, "confirm asked")]
    assert floor.asks[-1].why == "apology"
    floor = apologetic().to(10).heard(False)
    assert floor.since(2) == [(9.45, "drop too slow"), (10.0, "begin Sorry."), (10.0, "confirm asked")]


def test_an_apology_comes_before_what_was_asked_meanwhile() -> None:
    floor = apologetic().type("And how late?", interrupts=False).stop("failed").heard(False).to(3).sounds().drains().heard().to(4)
    assert [note for note in floor.notes if note.startswith("begin")][1:] == ["begin Sorry.", "begin And how late?"]


def test_what_was_to_be_said_word_for_word_is_not_apologised_for_and_an_apology_neither() -> None:
    floor = apologetic().stop("failed").heard(False).to(3).stop("failed").heard(False).to(9)
    assert floor.since(2)[-1] == (3.0, "drop failed")
    assert Floor(Policy(apology="Sorry.")).greet().stop("failed").heard(False).to(9).notes[-1] == "drop failed"


def test_a_question_to_be_answered_on_the_screen_is_apologised_for_there() -> None:
    floor = Floor(Policy(apology="Sorry."))
    floor.do(lambda now: floor.turns.ask(now, Ask("Hello?", why="typed", audible=False))).stop("failed").heard(False)
    assert [ask.audible for ask in floor.asks] == [False, False]


def test_a_reply_that_is_stopped_is_not_apologised_for() -> None:
    assert apologetic().stop().heard(False).to(9).since(2) == [(2.0, "drop stopped")]


def test_words_of_a_reply_that_failed_are_asked_again_only_with_more_words() -> None:
    floor = thinking().stop("failed").heard(False).to(5)
    assert floor.since(2) == [(2.0, "drop failed")]
    floor.on().to(6).off().final(1, "Hello?").to(9)
    assert floor.asks[-1].text == "What time is it? Hello?"


def test_the_same_words_can_be_said_again_after_a_failure() -> None:
    floor = thinking().stop("failed").heard(False).on().to(6).off().final(1, "Hello?").to(7).sounds().to(8).drains().heard()
    floor.on().to(9).off().final(2, "What time is it?").to(12)
    assert floor.notes[-2:] == ["begin What time is it?", "confirm silence"]


def test_stop_ends_the_reply_and_nothing_follows() -> None:
    assert asked().to(3).stop().heard().to(20).since(3) == [(3.0, "drop stopped")]


def test_a_starved_reply_ends() -> None:
    assert asked().to(3).stop("starved").heard().to(20).since(3) == [(3.0, "drop starved")]


# --- typed text and greetings --------------------------------------------------------------------------------------------------------


def test_a_greeting_is_spoken_at_once() -> None:
    assert Floor().greet().notes == ["begin Hello!", "confirm asked"]


def test_a_greeting_at_time_zero_can_be_interrupted() -> None:
    """A moment of 0.0 is a moment."""
    turns = Turns()
    turns.ask(0.0, Ask("", why="greeting", say="Hello!"))
    turns.sounding(0.1)
    assert turns.words(0.5, Segment(0, "stop", False, None)) == [Drop("interrupted", "words")]


def test_typed_text_interrupts_and_is_answered() -> None:
    floor = asked().to(3).type("And tomorrow?")
    assert floor.since(3) == [(3.0, "drop typed")]
    assert floor.heard().since(3)[1:] == [(3.0, "begin And tomorrow?"), (3.0, "confirm asked")]


def test_typed_text_may_wait_for_the_reply() -> None:
    floor = asked().to(3).type("And tomorrow?", interrupts=False).to(5).drains().heard()
    assert floor.since(3) == [(5.0, "drop finished"), (5.0, "begin And tomorrow?"), (5.0, "confirm asked")]


def test_typed_text_takes_the_place_of_a_speculation_whose_words_are_not_lost() -> None:
    floor = Floor().on().to(1).off().final(0, "What time is it?").to(1.2).type("Hi", interrupts=False)
    assert floor.notes == ["begin What time is it?", "drop asked", "begin Hi", "confirm asked"]
    floor.to(2).sounds().to(3).drains().heard()
    assert floor.notes[-3:] == ["drop finished", "begin What time is it?", "confirm silence"]


def test_two_typed_questions_are_answered_in_their_order() -> None:
    floor = Floor().type("one").to(0.1).type("two").heard(False)
    assert floor.notes == ["begin one", "confirm asked", "drop typed", "begin one", "confirm asked"]
    assert floor.to(1).sounds().to(2).drains().heard().asks[-1].text == "two"


def test_speech_while_typed_text_is_answered_waits_for_its_own_answer() -> None:
    floor = Floor().type("one").on().to(0.5).words(0, "and").to(1).off().final(0, "And tomorrow?").to(1.2).sounds().to(3)
    assert not any(note.startswith("drop") for note in floor.notes)
    assert floor.drains().heard().to(5).asks[-1].text == "And tomorrow?"


def test_a_typed_question_survives_speech_that_keeps_its_answer_from_starting() -> None:
    floor = Floor().type("one").to(0.1).on().to(2.2)
    assert floor.notes[-1] == "drop continued"
    assert floor.heard(False).notes[-2:] == ["begin one", "confirm asked"]


def test_a_second_onset_without_an_end_does_not_start_speech_anew() -> None:
    floor = asked().to(3).on().to(4).on().to(8)
    assert floor.since(4)[-1] == (5.0, "drop interrupted")
