"""What the caller's screen is told."""

from __future__ import annotations

import pytest

from voicegraph.core.screen import Message, Messages, Screen, timestamp


def types(messages: Messages) -> list[str]:
    return [message["type"] for message in messages]


def outputs(messages: Messages) -> list[tuple[int, str, str, str]]:
    """(segment, status, spoken, remaining) of each bot-output."""
    found = []
    for message in messages:
        if message["type"] == "bot-output":
            data = message["data"]
            progress = data["spoken_progress"]
            found.append((data["segment_id"], data["spoken_status"], progress["accumulated_text"], progress["remaining_text"]))
    return found


def written(screen: Screen, reply: int, *pieces: str) -> Messages:
    """The whole text of a reply, in these pieces."""
    told: Messages = []
    for index, piece in enumerate(pieces):
        told += screen.text(reply, piece, last=index == len(pieces) - 1, spoken=True)
    return told


def notices(messages: Messages) -> list[Message]:
    return [message["data"] for message in messages if message["type"] == "server-message"]


def test_a_timestamp_is_iso_8601_in_utc_to_the_millisecond() -> None:
    assert timestamp(1_763_717_400.25) == "2025-11-21T09:30:00.250Z"
    assert timestamp(0.0) == "1970-01-01T00:00:00.000Z"


class TestWhatTheCallerSays:
    def test_words_become_a_transcription(self) -> None:
        [told] = Screen().words(0, "What is", False, now=0.0)
        assert told["label"] == "rtvi-ai"
        assert told["type"] == "user-transcription"
        assert told["data"] == {"text": "What is", "final": False, "timestamp": "1970-01-01T00:00:00.000Z", "user_id": "caller", "segment": 0}

    def test_the_same_words_are_told_once(self) -> None:
        screen = Screen()
        assert screen.words(0, "Hello", False, 0.0)
        assert not screen.words(0, "Hello", False, 0.1)
        assert screen.words(0, "Hello", True, 0.2)
        assert not screen.words(0, "Hello", True, 0.3)
        assert not screen.words(0, "Hello", False, 0.4)

    def test_the_same_words_in_another_segment_are_told_again(self) -> None:
        screen = Screen()
        assert screen.words(0, "Yes.", True, 0.0)
        assert screen.words(1, "Yes.", True, 1.0)

    def test_no_words_are_nothing_to_tell(self) -> None:
        assert not Screen().words(0, "", True, 0.0)


class TestTheTextOfAReply:
    def test_it_begins_and_ends_once(self) -> None:
        told = written(Screen(), 1, "Good ", "morning.", "")
        assert [type for type in types(told) if type.startswith("bot-llm")] == ["bot-llm-started", "bot-llm-text", "bot-llm-text", "bot-llm-stopped"]

    def test_each_sentence_is_a_segment_announced_as_new_when_it_is_whole(self) -> None:
        screen = Screen()
        assert not outputs(screen.text(1, "It is sunny. And", last=False, spoken=True))[1:]
        told = screen.text(1, " warm!", last=True, spoken=True)
        assert outputs(told) == [(2, "new", "", "And warm!")]

    def test_a_decimal_point_ends_no_sentence(self) -> None:
        assert outputs(written(Screen(), 1, "It is 3.", "5 degrees.")) == [(1, "new", "", "It is 3.5 degrees.")]

    @pytest.mark.parametrize("size", [1, 2, 5, 100])
    def test_segments_do_not_depend_on_how_the_text_is_cut(self, size: int) -> None:
        text = 'Well... "Yes!" she said. Is it?\nIt is'
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert [remaining for _, _, _, remaining in outputs(written(Screen(), 1, *pieces))] == ["Well...", '"Yes!"', "she said.", "Is it?", "It is"]

    def test_segments_are_numbered_through_the_call(self) -> None:
        screen = Screen()
        written(screen, 1, "One. Two.")
        assert outputs(written(screen, 2, "Three.")) == [(3, "new", "", "Three.")]

    def test_text_for_the_screen_only_will_not_be_spoken(self) -> None:
        screen = Screen()
        told = screen.text(1, "See the page.", last=True, spoken=False)
        [output] = [message["data"] for message in told if message["type"] == "bot-output"]
        assert output == {"text": "See the page.", "aggregated_by": "sentence", "segment_id": 1, "will_be_spoken": False}
        assert not screen.heard(1, "See the page.", finished=False, why="done")

    def test_text_for_the_screen_only_is_not_told_as_words_of_the_voice(self) -> None:
        screen = Screen()
        screen.text(1, "See the", last=False, spoken=False)
        told = screen.heard(1, "See the", finished=False, why="stopped")
        assert types(told) == ["bot-llm-stopped"]


class TestTheVoice:
    def test_it_starts_and_stops_once(self) -> None:
        screen = Screen()
        written(screen, 1, "Hello.")
        assert types(screen.playing(1, on=True)) == ["bot-tts-started", "bot-started-speaking"]
        assert not screen.playing(1, on=True)
        assert types(screen.playing(1, on=False)) == ["bot-tts-stopped", "bot-stopped-speaking"]
        assert types(screen.heard(1, "Hello.", finished=True, why="done")) == ["bot-tts-text", "bot-output"]

    def test_a_segment_follows_it_to_its_end(self) -> None:
        screen = Screen()
        written(screen, 1, "It is sunny. And warm.")
        assert outputs(screen.progress(1, "It is")) == [(1, "in-progress", "It is", " sunny.")]
        assert outputs(screen.progress(1, "It is sunny. And")) == [(1, "completed", "It is sunny.", ""), (2, "in-progress", "And", " warm.")]
        assert outputs(screen.progress(1, "It is sunny. And warm.")) == [(2, "completed", "And warm.", "")]

    def test_its_words_are_told_as_they_leave(self) -> None:
        screen = Screen()
        written(screen, 1, "It is sunny.")
        spoken = [*screen.progress(1, "It is"), *screen.progress(1, "It is"), *screen.progress(1, "It is sunny.")]
        assert [message["data"]["text"] for message in spoken if message["type"] == "bot-tts-text"] == ["It is", "sunny."]

    def test_it_may_be_ahead_of_the_end_of_its_sentence(self) -> None:
        screen = Screen()
        screen.text(1, "Well, it", last=False, spoken=True)
        assert not outputs(screen.progress(1, "Well,"))
        told = screen.text(1, " depends.", last=True, spoken=True)
        assert outputs(told) == [(1, "new", "", "Well, it depends."), (1, "in-progress", "Well,", " it depends.")]

    def test_blanks_that_the_voice_was_not_given_do_not_matter(self) -> None:
        screen = Screen()
        written(screen, 1, "One.  Two three.")
        assert outputs(screen.progress(1, "One.Two"))[-1] == (2, "in-progress", "Two", " three.")


class TestTheEndOfAReply:
    def test_a_finished_reply_is_completed(self) -> None:
        screen = Screen()
        written(screen, 1, "One. Two.")
        screen.playing(1, on=True)
        told = screen.heard(1, "One. Two.", finished=True, why="done")
        assert [status for _, status, _, _ in outputs(told)] == ["completed", "completed"]
        assert types(told)[-2:] == ["bot-tts-stopped", "bot-stopped-speaking"]
        assert not notices(told)

    def test_an_interrupted_one_says_what_was_heard_and_claims_no_more(self) -> None:
        screen = Screen()
        written(screen, 1, "It is sunny. And warm.")
        screen.playing(1, on=True)
        screen.progress(1, "It is")
        told = screen.heard(1, "It is sunny. And", finished=False, why="barge-in")
        assert outputs(told) == [(1, "completed", "It is sunny.", ""), (2, "in-progress", "And", " warm.")]
        assert types(told)[-3:] == ["bot-tts-stopped", "bot-stopped-speaking", "server-message"]
        assert notices(told) == [{"t": "bot-interrupted", "d": {"reply": 1, "heard": "It is sunny. And", "why": "barge-in"}}]

    def test_a_sentence_cut_while_it_was_written_is_shown_as_far_as_it_was(self) -> None:
        screen = Screen()
        screen.text(1, "It is very", last=False, spoken=True)
        told = screen.heard(1, "It is", finished=False, why="barge-in")
        assert outputs(told) == [(1, "new", "", "It is very"), (1, "in-progress", "It is", " very")]
        assert types(told)[0] == "bot-llm-stopped"

    def test_one_that_nobody_heard_shows_no_word_of_an_unfinished_sentence(self) -> None:
        screen = Screen()
        screen.text(1, "It is very", last=False, spoken=True)
        assert types(screen.heard(1, "", finished=False, why="barge-in")) == ["bot-llm-stopped", "server-message"]

    def test_one_that_was_never_seen_is_not_mentioned(self) -> None:
        assert not Screen().heard(7, "", finished=False, why="failed")

    def test_nothing_is_kept_of_it(self) -> None:
        screen = Screen()
        written(screen, 1, "One.")
        screen.heard(1, "One.", finished=True, why="done")
        assert not screen.progress(1, "One.")
        assert not screen.playing(1, on=False)
        assert not screen.heard(1, "One.", finished=True, why="done")


class TestEvents:
    @pytest.mark.parametrize("kind", ["user-started-speaking", "user-stopped-speaking", "user-mute-started", "metrics", "llm-function-call-started"])
    def test_those_that_rtvi_knows_keep_their_name(self, kind: str) -> None:
        [told] = Screen().event(kind, {"x": 1})
        assert (told["type"], told["data"]) == (kind, {"x": 1})

    def test_an_error_has_its_sentence_under_both_names(self) -> None:
        [told] = Screen().event("error", {"error": "No voice.", "fatal": True})
        assert told["type"] == "error"
        assert told["data"] == {"error": "No voice.", "message": "No voice.", "fatal": True}

    def test_all_others_are_server_messages(self) -> None:
        [told] = Screen().event("floor", {"state": "listening"})
        assert told["type"] == "server-message"
        assert told["data"] == {"t": "floor", "d": {"state": "listening"}}

    def test_the_time_of_an_answer_is_a_metric_too(self) -> None:
        metrics, turn = Screen().event("turn", {"reply": 1, "speech_end_to_first_sound_ms": 640})
        assert metrics["data"] == {"ttfb": [{"processor": "call", "value": 0.64}]}
        assert turn["data"]["t"] == "turn"

    def test_an_answer_to_typed_text_has_no_such_time(self) -> None:
        assert [message["type"] for message in Screen().event("turn", {"reply": 1})] == ["server-message"]
