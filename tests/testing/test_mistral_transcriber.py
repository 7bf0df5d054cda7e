"""The scripted model on the audio's own clock: no server, no sleeping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from voicegraph.testing.mistral.behaviour import Delays, Faults, Script
from voicegraph.testing.mistral.encodings import Samples
from voicegraph.testing.mistral.hearing import TURN_DETECTION, Hearing, settle
from voicegraph.testing.mistral.protocol import Complaint, Due
from voicegraph.testing.mistral.transcriber import Transcriber
from voicegraph.testing.mistral.turns import TurnDetector
from voicegraph.testing.mistral.utterance import Utterance

V2 = Hearing(model="voxtral-mini-transcribe-realtime-2602", delay_ms=200)
V3 = Hearing(model="voxtral-mini-transcribe-realtime-3-0", delay_ms=200, turn_detection=dict(TURN_DETECTION))


def speech(seconds: float) -> Samples:
    return np.asarray(0.3 * np.sin(2 * np.pi * 300 / 16000 * np.arange(round(seconds * 16000))), np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 16000), np.float32)


def transcriber(hearing: Hearing, *utterances: str, faults: Faults | None = None, **script: Any) -> Transcriber:
    return Transcriber(hearing, Script(utterances=utterances, **script), Delays(), faults or Faults(), stream=0)


def told(events: list[Due]) -> list[str]:
    """Words as they are, other events by name; dones as name=text. Pauses and the language are left out."""
    shapes = {"transcription.text.delta": "{text}", "transcription.done": "done={text}"}
    named = [(str(due.event["type"]), due.event) for due in events if due.event]
    return [shapes.get(name, name).format(**event) for name, event in named if name != "transcription.language"]


class TestUtterance:
    def make(self, text: str, **options: Any) -> Utterance:
        return Utterance(text, **{"phrased": True, "held": 1, "per_word": 0.2, "delay": 0.1, **options})

    def test_a_word_comes_one_delay_after_it_was_spoken(self) -> None:
        utterance = self.make("one two three")
        for frame in range(10):
            utterance.speak((frame + 1) * 0.02)
        assert utterance.due(0.2) == []
        assert utterance.due(0.31) == ["one "]

    def test_the_last_words_do_not_come_by_themselves(self) -> None:
        utterance = self.make("one two three four", held=2)
        for frame in range(500):
            utterance.speak((frame + 1) * 0.02)
        assert utterance.due(100.0) == ["one ", "two "]
        assert utterance.rest() == ["three ", "four"]
        assert utterance.rest() == []

    def test_a_pause_gives_the_words_up_to_its_mark_and_the_next_ones_wait_for_more_speech(self) -> None:
        utterance = self.make("I want|a big pizza")
        assert utterance.pause() == ["I ", "want "]
        utterance.resume()
        assert utterance.due(100.0) == []
        for frame in range(11):
            utterance.speak(frame * 0.02)
        assert utterance.due(100.0) == ["a "]
        assert utterance.pause() == ["big ", "pizza"]

    def test_more_pauses_than_marks_give_nothing_new(self) -> None:
        utterance = self.make("yes")
        assert utterance.pause() == ["yes"]
        utterance.resume()
        assert utterance.pause() == []


class TestTurnDetector:
    def changes(self, *stretches: tuple[bool, float]) -> list[tuple[str, float]]:
        detector, frames = TurnDetector(0.2, 0.5), 0
        changes: list[tuple[str, float]] = []
        for on, seconds in stretches:
            for _ in range(round(seconds / 0.02)):
                frames += 1
                changes += [(change, round(frames * 0.02, 2)) for change in detector.step(on)]
        return changes

    def test_silence_makes_an_eager_end_and_then_an_end(self) -> None:
        assert self.changes((False, 1.0), (True, 1.0), (False, 2.0)) == [("start", 1.02), ("eager_end", 2.18), ("end", 2.48)]

    def test_speech_after_an_eager_end_resumes_the_turn(self) -> None:
        names = [name for name, _ in self.changes((True, 1.0), (False, 0.3), (True, 1.0), (False, 1.0))]
        assert names == ["start", "eager_end", "resume", "eager_end", "end"]

    def test_a_short_gap_changes_nothing(self) -> None:
        assert self.changes((True, 1.0), (False, 0.1), (True, 1.0)) == [("start", 0.02)]


class TestWithoutTurnDetection:
    def test_words_come_while_speech_goes_on_and_the_last_one_with_the_flush(self) -> None:
        model = transcriber(V2, "hello you there")
        assert told(model.hear(speech(0.4))) == []
        assert told(model.hear(speech(0.5))) == ["hello ", "you "]
        assert told(model.hear(silence(2.0))) == []
        assert told(model.flush()) == ["there", "done=hello you there"]

    def test_the_answer_to_a_flush_takes_the_final_delay(self) -> None:
        model = transcriber(V2, "hello")
        model.hear(speech(1.0))
        first = model.flush()[0]
        assert (first.event, first.after) == ({}, Delays().final)

    def test_each_segment_with_speech_gets_the_next_utterance_and_then_they_start_over(self) -> None:
        model = transcriber(V2, "one", "two")
        texts = []
        for _ in range(3):
            model.hear(np.concatenate((speech(0.5), silence(1.0))))
            texts += told(model.flush())
        assert texts == ["one", "done=one", "two", "done=two", "one", "done=one"]

    def test_a_segment_of_silence_is_empty_and_uses_up_no_utterance(self) -> None:
        model = transcriber(V2, "one")
        model.hear(silence(1.0))
        assert told(model.flush()) == ["done="]
        model.hear(speech(1.0))
        assert told(model.flush()) == ["one", "done=one"]

    def test_pause_marks_are_left_out(self) -> None:
        model = transcriber(V2, "I want|a pizza")
        model.hear(speech(0.2))
        assert told(model.flush())[-1] == "done=I want a pizza"

    def test_an_utterance_may_depend_on_the_stream_and_the_stretch(self) -> None:
        model = Transcriber(V2, Script(utterances=lambda stream, stretch: f"{stream}/{stretch}"), Delays(), Faults(), stream=7)
        model.hear(speech(0.5))
        model.flush()
        model.hear(speech(0.5))
        assert told(model.flush()) == ["7/1", "done=7/1"]

    def test_the_language_is_told_once_before_the_first_word(self) -> None:
        model = transcriber(V2, "one")
        kinds = []
        for _ in range(2):
            model.hear(speech(0.5))
            kinds += [due.event["type"] for due in model.flush() if due.event]
        assert kinds == ["transcription.language", "transcription.text.delta", "transcription.done", "transcription.text.delta", "transcription.done"]


class TestWithTurnDetection:
    def test_a_turn_has_all_its_words_at_the_eager_end(self) -> None:
        model = transcriber(V3, "hello there")
        events = model.hear(np.concatenate((silence(0.5), speech(1.0), silence(1.0))))
        assert told(events) == ["turn.start", "hello ", "there", "turn.eager_end", "turn.end", "done=hello there"]
        times = [due.event["time_s"] for due in events if "time_s" in due.event]
        assert times == pytest.approx([0.54, 1.7, 2.0], abs=0.021)

    def test_words_may_also_be_late(self) -> None:
        model = transcriber(V3, "hello there", eager_complete=False)
        events = told(model.hear(np.concatenate((speech(1.0), silence(1.0)))))
        assert events == ["turn.start", "hello ", "turn.eager_end", "there", "turn.end", "done=hello there"]

    def test_a_resumed_turn_goes_on_with_the_words_after_the_mark(self) -> None:
        model = transcriber(V3, "I want|a pizza")
        events = told(model.hear(np.concatenate((speech(1.0), silence(0.3), speech(1.0), silence(1.0)))))
        assert events[:5] == ["turn.start", "I ", "want ", "turn.eager_end", "turn.resume"]
        assert events[5:] == ["a ", "pizza", "turn.eager_end", "turn.end", "done=I want a pizza"]

    def test_words_after_a_mark_that_was_never_spoken_come_with_the_end(self) -> None:
        model = transcriber(V3, "I want|a pizza")
        assert told(model.hear(np.concatenate((speech(1.0), silence(1.0)))))[-4:] == ["a ", "pizza", "turn.end", "done=I want a pizza"]

    def test_no_done_need_follow_the_end_of_a_turn(self) -> None:
        model = transcriber(V3, "one", "two", done_after_turn_end=False)
        events = told(model.hear(np.concatenate((speech(1.0), silence(1.0), speech(1.0), silence(1.0)))))
        assert events == ["turn.start", "one", "turn.eager_end", "turn.end", "turn.start", "two", "turn.eager_end", "turn.end"]

    def test_a_flush_inside_a_turn_closes_the_segment_and_the_turn_still_ends(self) -> None:
        model = transcriber(V3, "one")
        model.hear(speech(1.0))
        assert told(model.flush()) == ["one", "done=one"]
        assert told(model.hear(silence(1.0))) == ["turn.eager_end", "turn.end"]

    def test_the_session_says_how_much_silence_ends_a_turn(self) -> None:
        hearing = replace(V3, turn_detection={**TURN_DETECTION, "min_silence_ms": 900})
        model = transcriber(hearing, "one")
        assert "turn.end" not in told(model.hear(np.concatenate((speech(1.0), silence(0.85)))))
        assert "turn.end" in told(model.hear(silence(0.1)))


class TestFaults:
    def done(self, faults: Faults) -> list[str]:
        model = transcriber(V2, "one", "two", "three", faults=faults)
        events = []
        for _ in range(3):
            model.hear(speech(0.5))
            events += told(model.flush())
        return [event for event in events if event.startswith("done")]

    def test_done_may_hold_the_whole_session(self) -> None:
        assert self.done(Faults(done_cumulative=True)) == ["done=one", "done=one two", "done=one two three"]

    def test_done_may_be_lost_from_a_segment_on(self) -> None:
        assert self.done(Faults(done_lost_from=2)) == ["done=one"]


class TestSettings:
    def test_an_update_changes_what_it_names(self) -> None:
        hearing = settle(V3, {"audio_format": {"encoding": "pcm_mulaw", "sample_rate": 8000}, "target_streaming_delay_ms": 2400, "language": None})
        assert (hearing.encoding, hearing.rate, hearing.delay_ms, hearing.turn_detection) == ("pcm_mulaw", 8000, 2400, TURN_DETECTION)

    def test_the_session_tells_everything_back(self) -> None:
        session = settle(V3, {"language": "fr", "context_bias": ["Voxtral"], "speaker_references": {"alice": "UklGRg=="}}).event("id")
        assert (session["language"], session["context_bias"], session["speaker_references"]) == ("fr", ["Voxtral"], ["alice"])

    @pytest.mark.parametrize(
        ("hearing", "update", "complaint"),
        [
            (V2, {"audio_format": {"encoding": "pcm_s16le", "sample_rate": 12345}}, "12345"),
            (V2, {"audio_format": {"encoding": "mp3", "sample_rate": 16000}}, "mp3"),
            (V2, {"target_streaming_delay_ms": 79}, "between 80 and 2400"),
            (V2, {"turn_detection": {}}, "no turn detection"),
            (V3, {"diarize": True, "turn_detection": {}}, "diarize"),
            (V3, {"turn_detection": {"end_threshold": 0.6}}, "end_threshold"),
            (V3, {"turn_detection": {"end_timeout_ms": 400}}, "end_timeout_ms"),
        ],
    )
    def test_what_the_hosted_api_does_not_take_is_a_complaint(self, hearing: Hearing, update: dict[str, Any], complaint: str) -> None:
        with pytest.raises(Complaint, match=complaint):
            settle(hearing, update)
