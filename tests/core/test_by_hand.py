"""Push to talk, "send now", protected openings and the agent's own echo: what else takes the floor, and what does not. Times are seconds."""

from voicegraph.core.policy import Listening, Policy, Speaking
from voicegraph.testing.floor import Floor

MANUAL = Policy(listening=Listening(manual=True))


def sounding(policy: Policy | None = None) -> Floor:
    """At 2.0 s, a reply has just begun to sound."""
    return Floor(policy).type("Tell me.").to(2.0).sounds()


def test_send_now_ends_the_turn_when_its_final_words_are_there() -> None:
    floor = Floor().on().to(1).off().final(0, "I would like two and").to(1.1).talk(False)
    assert floor.log == [(1.0, "begin I would like two and"), (1.1, "confirm sent")]


def test_send_now_waits_for_final_words_but_not_for_ever() -> None:
    floor = Floor().on().to(1).words(0, "two and").talk(False).to(3)
    assert floor.log == [(1.6, "begin two and"), (1.6, "confirm sent")]


def test_in_manual_mode_silence_ends_nothing() -> None:
    floor = Floor(MANUAL).talk(True).on().to(1).off().final(0, "Hello.").to(30)
    assert floor.log == []
    assert floor.talk(False).log == [(30.0, "begin Hello."), (30.0, "confirm sent")]


def test_in_manual_mode_speech_stops_nothing_and_the_hand_does() -> None:
    floor = sounding(MANUAL).on().to(6).words(0, "wait a moment")
    assert floor.since(2) == []
    assert floor.talk(True).since(2) == [(6.0, "drop interrupted")]


def test_what_is_sent_once_does_not_send_the_next_turn() -> None:
    floor = Floor(MANUAL).on().to(1).off().final(0, "Hello.").talk(False).to(1.5).sounds().drains().heard()
    assert floor.on().to(3).off().final(1, "And now?").to(20).since(2) == []


def test_the_opening_of_a_reply_can_be_protected() -> None:
    floor = sounding(Policy(speaking=Speaking(protect=3.0))).on().to(2.5).words(0, "stop it").to(8)
    assert floor.since(2) == [(5.0, "drop interrupted")]


def test_the_replys_echo_does_not_stop_it() -> None:
    floor = sounding().spoken("there was a lighthouse at the end").to(2.1).on().to(2.6).words(0, "a lighthouse at").to(3.5)
    floor.spoken("there was a lighthouse at the end of a long stone pier").words(0, "a lighthouse at the end of a long").to(5)
    assert floor.since(2) == [(2.18, "ducked"), (2.32, "paused"), (2.6, "open")]


def test_an_echo_is_no_question_when_the_reply_has_ended() -> None:
    floor = sounding().spoken("there was a lighthouse at the end").on().to(2.6).words(0, "a lighthouse at the end", final=True).off()
    assert floor.to(4).drains().heard().to(20).since(4) == [(4.0, "drop finished")]


def test_a_word_that_answers_by_repeating_is_answered_after_the_reply() -> None:
    floor = sounding().spoken("shall it be Monday or Tuesday").on().to(2.4).off().final(0, "Tuesday.").to(4)
    assert "drop interrupted" not in floor.notes
    assert floor.drains().heard().to(6).asks[-1].text == "Tuesday."


def test_other_words_over_an_echo_stop_the_reply() -> None:
    floor = (
        sounding()
        .spoken("there was a lighthouse at the end")
        .on()
        .to(2.6)
        .words(0, "a lighthouse at")
        .to(3)
        .words(0, "a lighthouse stop talking please")
    )
    assert floor.log[-1] == (3.0, "drop interrupted")


def test_echoes_can_count_as_words() -> None:
    floor = sounding(Policy(speaking=Speaking(echo=False))).spoken("there was a lighthouse").on().to(2.5).words(0, "a lighthouse")
    assert floor.log[-1] == (2.5, "drop interrupted")


def test_the_end_of_an_echo_that_comes_after_the_reply_is_no_question_either() -> None:
    floor = sounding().to(2.5).on().to(4).spoken("there was a lighthouse at the end").drains().heard().to(4.4).off()
    assert floor.to(4.8).final(0, "a lighthouse at the end").to(9).since(4) == [(4.0, "drop finished")]


def test_who_answers_by_repeating_the_end_of_the_question_is_answered() -> None:
    floor = sounding().to(4).spoken("shall it be a table for two").drains().heard().to(4.6).on().to(5.6).off().final(0, "A table for two.").to(9)
    assert floor.asks[-1].text == "A table for two."


def test_an_answer_may_begin_before_a_late_line_has_played_the_question_to_its_end() -> None:
    """The sound takes 600 ms to the ears: speech from before it was there is its echo, the same speech on a short line an answer."""
    for delay, asked in ((0.0, "A table for two."), (0.6, "Tell me.")):
        floor = sounding().to(4).spoken("shall it be a table for two")
        floor.turns.playout_delay(delay)
        floor.drains().heard().to(4.5).on().to(5.6).off().final(0, "A table for two.").to(9)
        assert floor.asks[-1].text == asked


def test_on_a_line_with_echo_the_detector_does_not_stop_the_next_sentence() -> None:
    floor = sounding().spoken("there was a lighthouse at the end").to(2.1).on().to(2.6).words(0, "a lighthouse at").to(3).off()
    floor.to(3.2).spoken("there was a lighthouse at the end of a long stone pier").on().to(5)
    assert floor.since(3) == [], "neither quieter nor silent"
    floor.words(1, "be quiet please")
    assert floor.log[-1] == (5.0, "drop interrupted")


def test_a_line_on_which_nothing_came_back_has_no_echo_any_more() -> None:
    floor = sounding().spoken("there was a lighthouse at the end").to(2.1).on().to(2.6).words(0, "a lighthouse at").to(3).off()
    floor.to(4).drains().heard().type("Go on.").to(5).sounds().to(9).drains().heard().type("Go on.").to(10).sounds().to(11).on().to(11.5)
    assert floor.since(11) == [(11.08, "ducked"), (11.22, "paused")]
