"""Who has the floor, as a table of conversations: ends of turns, and speech over the reply. Times are seconds."""

from __future__ import annotations

import pytest

from voicegraph.core.policy import Listening, Policy, Speaking
from voicegraph.testing.floor import Floor


def asked(text: str = "What time is it?", policy: Policy | None = None) -> Floor:
    """At 2.0 s, the reply to this has been confirmed (at 1.45) and has just begun to sound."""
    floor = Floor(policy).on().to(1).off().final(0, text).to(1.99)
    return floor.to(2.0).sounds()


# --- the end of a turn ---------------------------------------------------------------------------------------------------------------


def test_a_turn_ends_by_silence_and_is_speculated_on_before() -> None:
    floor = Floor().on().to(1).off().to(1.1).final(0, "What time is it?").to(3)
    assert floor.log == [(1.1, "begin What time is it?"), (1.45, "confirm silence")]


@pytest.mark.parametrize(
    ("text", "silence"), [("What time is it?", 0.45), ("what time is it", 0.6), ("what time is it and", 1.0), ("my number is 1 2", 1.0)]
)
def test_the_silence_needed_depends_on_the_words(text: str, silence: float) -> None:
    floor = Floor().on().to(1).off().final(0, text).to(4)
    assert floor.log[-1] == (1 + silence, "confirm silence")


def test_silence_counts_from_the_end_of_speech_not_from_its_detection() -> None:
    assert Floor().on().to(1.2).off(hangover=0.2).final(0, "Now.").to(4).log[-1] == (1.45, "confirm silence")


def test_final_words_that_are_late_are_waited_for_and_then_done_without() -> None:
    floor = Floor().on().to(0.9).words(0, "what time is it").to(1).off().to(4)
    assert floor.log == [(1.6, "begin what time is it"), (1.6, "confirm silence")]


def test_without_a_final_nothing_is_speculated_on() -> None:
    assert Floor().on().to(0.9).words(0, "what time").to(1).off().to(1.5).log == []


def test_no_words_no_turn() -> None:
    assert Floor().on().to(1).off().final(0, "").to(5).log == []


def test_speech_that_resumes_drops_the_speculation() -> None:
    floor = Floor().on().to(1).off().final(0, "Well.").to(1.2).on().to(2).off().final(1, "What time is it?").to(4)
    assert floor.log == [
        (1.0, "begin Well."),
        (1.2, "drop resumed"),
        (2.0, "begin Well. What time is it?"),
        (2.45, "confirm silence"),
    ]


def test_words_that_change_drop_the_speculation() -> None:
    floor = Floor().on().to(1).off().final(0, "What time").to(1.2).final(0, "What time is it?").to(4)
    assert floor.log[1:] == [(1.2, "drop changed"), (1.2, "begin What time is it?"), (1.45, "confirm silence")]


def test_punctuation_that_changes_does_not() -> None:
    floor = Floor().on().to(1).off().final(0, "what time is it").to(1.2).final(0, "What time is it?").to(4)
    assert floor.notes == ["begin what time is it", "confirm silence"]


def test_speculation_can_be_switched_off_and_has_a_limit() -> None:
    never = Floor(Policy(listening=Listening(speculations=0))).on().to(1).off().final(0, "Now.").to(4)
    assert never.log == [(1.45, "begin Now."), (1.45, "confirm silence")]
    often = Floor().on().to(1).off()
    for count in range(6):
        often.final(0, "and " * (count + 1))
    assert sum(note.startswith("begin") for note in often.notes) == 3


def test_without_a_voice_detector_words_that_stop_coming_end_the_turn() -> None:
    floor = Floor().words(0, "what time").to(0.3).words(0, "what time is it").to(0.5).final(0, "What time is it?").to(4)
    assert floor.log[-1] == (0.95, "confirm silence")


def test_words_that_the_voice_detector_missed_are_waited_for() -> None:
    """Long after the last speech, a quiet caller is not answered at the first word of a sentence."""
    floor = asked().to(3).drains().heard()
    floor.to(20).words(1, "and").to(20.3).words(1, "and tomorrow").to(20.6).final(1, "And tomorrow?").to(25)
    assert floor.since(20) == [(20.6, "begin And tomorrow?"), (20.6, "confirm silence")]


def test_constant_noise_does_not_keep_a_turn_open() -> None:
    floor = Floor().on().to(1).words(0, "what time is it").to(6)
    assert floor.log == [(3.5, "begin what time is it"), (3.5, "confirm watchdog")]


def test_noise_that_was_there_before_does_not_stop_the_reply_but_words_do() -> None:
    floor = Floor().on().to(1).words(0, "what time is it").to(4).sounds().to(9)
    assert floor.notes == ["begin what time is it", "confirm watchdog"]
    assert floor.words(1, "stop").notes[-1] == "drop interrupted"


def test_switching_the_microphone_off_ends_speech() -> None:
    floor = Floor().on().to(1).words(0, "what time is it").muted().to(4)
    assert floor.log == [(1.6, "begin what time is it"), (1.6, "confirm silence")]


def test_switching_the_microphone_off_does_not_pass_for_a_voice_detector() -> None:
    """Where the model tells turns, its start must still duck the reply afterwards."""
    floor = Floor().muted().cue(0, "start").words(0, "hi").cue(0, "end").sounds().to(1).cue(1, "start").to(1.1)
    assert floor.notes[-1] == "ducked"


# --- turn events of the model --------------------------------------------------------------------------------------------------------


def test_the_model_ends_the_turn() -> None:
    floor = Floor().cue(0, "start").to(1).words(0, "what time is it").to(1.2).cue(0, "eager").to(1.4).cue(0, "end").to(5)
    assert floor.log == [(1.2, "begin what time is it"), (1.4, "confirm model")]


def test_a_turn_that_goes_on_drops_the_speculation() -> None:
    floor = Floor().cue(0, "start").words(0, "well").to(1).cue(0, "eager").to(1.1).cue(0, "resume").to(2)
    assert floor.log == [(1.0, "begin well"), (1.1, "drop resumed")]


def test_silence_alone_does_not_end_a_turn_of_the_model_but_the_watchdog_does() -> None:
    floor = Floor().cue(0, "start").to(0.5).words(0, "well").to(2.9)
    assert floor.log == []
    assert floor.to(5).log == [(3.0, "begin well"), (3.0, "confirm watchdog")]


def test_the_watchdog_works_in_a_noisy_room_too() -> None:
    floor = Floor().on().cue(0, "start").to(0.5).words(0, "well").to(5)
    assert floor.log == [(3.0, "begin well"), (3.0, "confirm watchdog")]


def test_words_of_the_next_turn_are_not_over_with_the_last_one() -> None:
    """They may come before the event that says that it began."""
    floor = Floor().cue(0, "start").words(0, "Hi.").cue(0, "end").sounds().to(1).drains().heard()
    floor.to(5).words(1, "what").to(5.05).cue(1, "start").to(5.5).words(1, "what time is it").to(5.8).cue(1, "end")
    assert floor.since(2) == [(5.8, "begin what time is it"), (5.8, "confirm model")]


def test_the_end_before_the_last_words_is_mended_while_nothing_has_sounded() -> None:
    floor = Floor().cue(0, "start").words(0, "what").cue(0, "end").to(0.1).words(0, "what time is it").to(0.2)
    assert floor.notes == ["begin what", "confirm model", "drop continued"]
    assert floor.heard(False).notes[3:] == ["begin what time is it", "confirm model"]


def test_a_start_of_the_model_ducks_where_there_is_no_voice_detector() -> None:
    floor = Floor().cue(0, "start").words(0, "hi").cue(0, "end").sounds().to(1).cue(1, "start").to(1.5).cue(1, "end").to(2)
    assert floor.since(1) == [(1.08, "ducked"), (1.22, "paused"), (1.5, "open")]


def test_words_without_turn_events_are_ended_by_the_detector_and_silence() -> None:
    """The model told turns, and then only words."""
    floor = Floor().on().cue(0, "start").to(1).words(0, "hi").off().cue(0, "end").sounds().to(2).drains().heard()
    floor.to(5).on().to(6).off().to(6.9).final(1, "What time is it?")
    assert floor.since(5) == [(6.9, "begin What time is it?"), (6.9, "confirm silence")]


def test_a_turn_that_goes_on_after_the_watchdog_ended_it_is_answered_once_more() -> None:
    """The model never ended it, so its words have the same number."""
    floor = Floor().on().cue(0, "start").to(1).words(0, "I would like").off().to(3.5).sounds()
    assert floor.notes == ["begin I would like", "confirm watchdog"]
    floor.to(4).on().to(4.3).words(0, "I would like a coffee")
    assert floor.notes[-1] == "drop interrupted"
    floor.heard().to(5).off().words(0, "I would like a coffee please").cue(0, "end")
    assert floor.asks[-1].text == "a coffee please"
    assert floor.notes[-2:] == ["begin a coffee please", "confirm model"]


def test_a_turn_that_goes_on_twice_is_answered_each_time() -> None:
    floor = Floor().on().cue(0, "start").to(1).words(0, "one").off().to(3.5).sounds().to(4).drains().heard()
    floor.on().to(5).words(0, "one two").off().to(8).sounds().to(9).drains().heard()
    floor.on().to(10).words(0, "one two three").off().to(13).sounds().to(14).drains().heard().to(30)
    assert [ask.text for ask in floor.asks] == ["one", "two", "three"]


def test_late_words_of_a_turn_that_the_watchdog_ended_amend_it() -> None:
    floor = Floor().on().cue(0, "start").to(1).words(0, "book a flight").off().to(3.6).sounds().to(3.8).words(0, "book a flight to Rome")
    assert floor.notes[-1] == "amend book a flight to Rome"


# --- speech over the reply -----------------------------------------------------------------------------------------------------------


def test_speech_over_the_reply_ducks_pauses_and_drops() -> None:
    floor = asked().to(3).on().to(8)
    assert floor.since(3) == [(3.08, "ducked"), (3.22, "paused"), (5.0, "drop interrupted")]


def test_the_first_word_drops() -> None:
    floor = asked().to(3).on().to(3.5).words(1, "no")
    assert floor.since(3.4) == [(3.5, "drop interrupted")]


def test_a_cough_is_over_when_the_empty_final_says_so() -> None:
    floor = asked().to(3).on().to(3.4).off().to(3.6).final(1, "").to(9)
    assert floor.since(3.3) == [(3.6, "open")]


def test_without_a_final_the_reply_goes_on_after_a_while() -> None:
    floor = asked().to(3).on().to(3.4).off().to(9)
    assert floor.since(3.3) == [(3.9, "open")]


def test_a_short_sound_only_ducks_and_restores_at_once() -> None:
    floor = asked().to(3).on().to(3.15).off().to(9)
    assert floor.since(3) == [(3.08, "ducked"), (3.15, "open")]


def test_a_sound_of_listening_does_not_stop_the_reply_and_needs_no_answer() -> None:
    floor = asked().to(3).on().to(3.4).off().to(3.6).final(1, "Uh-huh.").to(5).drains().heard().to(20)
    assert floor.since(3.3) == [(3.6, "open"), (5.0, "drop finished")]


def test_two_sounds_of_listening_are_no_words_either() -> None:
    """Also when the first came so late that the reply had gone on already."""
    floor = asked().to(3).on().to(3.4).off().to(4.5).final(1, "Yeah.").to(5).on().to(5.3).off().final(2, "Okay.").to(6)
    assert "drop interrupted" not in floor.notes
    assert floor.drains().heard().to(20).notes[-1] == "drop finished"


def test_a_sound_of_listening_that_was_the_beginning_of_more_is_not_lost() -> None:
    floor = asked().to(3).on().to(3.3).words(1, "yeah").to(3.4).off().to(4.2).final(1, "Yeah, but stop it.")
    assert floor.since(3.3) == [(3.9, "open"), (4.2, "drop interrupted")]
    assert floor.heard().notes[-2:] == ["begin Yeah, but stop it.", "confirm silence"]


def test_several_sounds_of_listening_in_one_breath_are_none() -> None:
    floor = asked().to(3).on().to(3.4).off().to(3.6).final(1, "Yeah, yeah, okay.").to(5).drains().heard().to(20)
    assert floor.since(3.3) == [(3.6, "open"), (5.0, "drop finished")]


def test_a_yes_into_the_end_of_a_question_is_its_answer() -> None:
    floor = asked().to(3).spoken("Shall I book it").to(3.2).on().to(3.5).words(1, "yes").to(3.6).spoken("Shall I book it?")
    floor.to(3.7).off().final(1, "Yes.").drains().heard().to(9)
    assert "drop interrupted" not in floor.notes
    assert floor.asks[-1].text == "Yes."


def test_late_words_after_the_reply_went_on_still_stop_it() -> None:
    floor = asked().to(3).on().to(3.4).off().to(4.5).final(1, "Stop.")
    assert floor.since(3.3) == [(3.9, "open"), (4.5, "drop interrupted")]


def test_the_turns_own_late_final_does_not_interrupt_its_reply_but_amends_it() -> None:
    floor = Floor().on().words(0, "book a flight").to(1).off().to(1.7).sounds().to(2).final(0, "Book a flight to Rome.")
    assert floor.since(1.7) == [(2.0, "amend Book a flight to Rome.")]


def test_late_words_amend_a_reply_that_is_over_as_well() -> None:
    floor = Floor().on().words(0, "book a").to(1).off().to(1.7).sounds().to(1.9).stop().heard().to(2).final(0, "Book a flight.")
    assert floor.since(2) == [(2.0, "amend Book a flight.")]


def test_how_many_words_it_takes_is_up_to_the_policy() -> None:
    policy = Policy(speaking=Speaking(words=2))
    assert asked(policy=policy).to(3).words(1, "stop").notes[-1] != "drop interrupted"
    assert asked(policy=policy).to(3).words(1, "stop it").notes[-1] == "drop interrupted"


def test_what_took_too_few_words_is_answered_after_the_reply() -> None:
    floor = asked(policy=Policy(speaking=Speaking(words=2))).to(3).words(1, "stop").to(5).drains().heard().to(9)
    assert "begin stop" in floor.notes


def test_a_reply_that_may_not_be_interrupted_is_answered_back_when_it_is_over() -> None:
    floor = asked(policy=Policy(speaking=Speaking(interruptible=False))).to(3).on().to(4).off().final(1, "Stop it.").to(6)
    assert floor.since(3) == []
    assert floor.drains().heard().to(9).notes[-2:] == ["begin Stop it.", "confirm silence"]


def test_interrupted_twice_at_once() -> None:
    """The first words drop the reply, the next its successor, before anything of that has sounded."""
    floor = asked().to(3).on().to(3.4).words(1, "No.").heard().to(3.6).off().final(1, "No.").to(4.1)
    floor.to(4.2).on().to(4.6).words(2, "wait").heard(False).to(4.8).off().final(2, "Wait.").to(6)
    assert [note for note in floor.notes if note.startswith("drop")] == ["drop interrupted", "drop continued"]
    assert floor.asks[-1].text == "No. Wait."
    assert floor.asks[-1].interrupted, "what the caller last heard was cut"


def test_a_reply_that_was_not_cut_is_not_followed_by_an_interrupted_one() -> None:
    floor = asked().to(3).drains().heard().on().to(4).off().final(1, "And now?").to(6)
    assert not floor.asks[-1].interrupted


# --- why --------------------------------------------------------------------------------------------------------------------------------


def over(floor: Floor) -> Floor:
    """Speech from 3.0 to 3.4 s, over the reply."""
    return floor.to(3).on().to(3.4).off()


@pytest.mark.parametrize(
    ("floor", "why"),
    [
        (asked().to(3).on().to(3.15).off(), "too short"),
        (over(asked()).to(3.6).final(1, ""), "nothing was said"),
        (over(asked()).to(3.6).final(1, "Uh-huh."), "sound of listening"),
        (over(asked()).to(9), "no words came"),
        (asked().spoken("there was a lighthouse").to(3).on().to(3.5).words(1, "there was a lighthouse"), "echo"),
        (asked().to(3).on().to(3.5).words(1, "stop"), "words"),
        (asked().to(3).on().to(9), "speech"),
    ],
)
def test_each_step_has_a_reason(floor: Floor, why: str) -> None:
    assert floor.reasons[-1] == why


# --- effects that cannot be taken back ----------------------------------------------------------------------------------------------------


def test_what_had_its_effect_is_not_asked_again_when_the_caller_goes_on() -> None:
    floor = Floor().on().to(1).off().final(0, "Book it.").to(1.6)
    floor.do(floor.turns.committed).to(1.8).on().to(2.2).words(1, "And a taxi.")
    assert floor.notes[-1] == "drop interrupted"
    floor.heard(False).to(2.5).off().final(1, "And a taxi.").to(5)
    assert [ask.text for ask in floor.asks] == ["Book it.", "And a taxi."]


def test_late_words_of_what_had_its_effect_amend_it() -> None:
    floor = Floor().on().words(0, "book a flight").to(1).off().to(1.7)
    floor.do(floor.turns.committed).to(1.8).final(0, "Book a flight to Rome.")
    assert floor.notes[-1] == "amend Book a flight to Rome."
