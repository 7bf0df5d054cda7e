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
