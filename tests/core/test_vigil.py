"""When a silent speech-to-text is given up for a fresh connection, and when not. Times are seconds; it has 1 s to answer, 4 s to end a turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.vigil import CONNECTING, LONGEST, RESTS, Vigil


class Watch:
    """A vigil with a clock, asked at its deadlines. verdicts: (when, what)."""

    def __init__(self, turn: float | None = 4.0) -> None:
        self.vigil = Vigil(patience=1.0, turn=turn)
        self.now = 100.0
        self.in_turn = False
        self.verdicts: list[tuple[float, str]] = []

    def to(self, seconds: float) -> Watch:
        """Let time pass, until so long after the beginning."""
        end = 100.0 + seconds
        while (deadline := self.vigil.deadline(self.in_turn)) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            verdict = self.vigil.judge(self.now, self.in_turn)
            assert verdict is not None, "a deadline that changes nothing would make the timer spin"
            self.verdicts.append((round(self.now - 100.0, 3), verdict))
            if verdict == "close":
                self.vigil.answered(self.now)
                self.in_turn = False
        self.now = end
        return self

    def on(self) -> Watch:
        self.vigil.speech(self.now, True, self.now)
        return self

    def off(self) -> Watch:
        self.vigil.speech(self.now, False, self.now)
        return self

    def sign(self, in_turn: bool = False) -> Watch:
        self.vigil.sign(self.now)
        self.in_turn = in_turn
        return self

    def answered(self) -> Watch:
        self.vigil.answered(self.now)
        self.in_turn = False
        return self


def test_speech_about_which_nothing_is_said_is_given_to_a_fresh_connection() -> None:
    assert Watch().on().to(2).off().to(3.5).verdicts == [(3.0, "renew")]


def test_clicks_may_be_passed_over_in_silence_and_are_forgotten() -> None:
    watch = Watch().on().to(0.2).off().to(60).on().to(60.2).off()
    assert watch.vigil.waiting
    assert watch.to(90).verdicts == [(1.2, "close"), (61.2, "close")]
    assert not watch.vigil.waiting


@pytest.mark.parametrize("turn", [4.0, None])
def test_speech_that_is_answered_is_not_watched_any_more(turn: float | None) -> None:
    watch = Watch(turn).on().to(1).sign().to(2).off().to(2.5).sign().answered().to(60)
    assert watch.verdicts == []
    assert not watch.vigil.waiting


def test_last_words_that_are_held_back_are_no_silence() -> None:
    """The turn is open, and some of what was said since the last word has not come yet."""
    assert Watch().on().to(1).sign(in_turn=True).to(2).off().to(5.9).verdicts == []


def test_a_service_that_stops_in_the_middle_of_the_sentence_is_noticed() -> None:
    assert Watch().on().to(1).sign(in_turn=True).to(3).off().to(5).verdicts == [(4.0, "renew")]


def test_speech_without_an_end_is_not_waited_out() -> None:
    assert Watch().on().to(LONGEST + 1).verdicts == [(LONGEST, "renew")]


def test_words_without_turn_events_are_closed_by_silence() -> None:
    assert Watch().on().to(1).sign().to(2).off().to(9).verdicts == [(3.0, "close")]


def test_a_turn_that_is_not_ended_is_closed_when_its_end_is_overdue() -> None:
    assert Watch().on().to(1).sign(in_turn=True).to(2).off().to(9).verdicts == [(6.0, "close")]


def test_where_segments_are_flushed_nothing_is_closed_here() -> None:
    assert Watch(turn=None).on().to(1).sign().to(2).off().to(9).verdicts == []


def test_a_fresh_connection_that_has_nothing_to_say_either_settles_it() -> None:
    watch = Watch().on().to(2).off().to(9)
    assert watch.verdicts == [(3.0, "renew"), (3.0 + CONNECTING + 1.0, "close")]
    assert not watch.vigil.waiting


def test_after_a_useless_one_the_next_has_to_wait() -> None:
    watch = Watch().on().to(2).off().to(6).on().to(7).off().to(9)
    assert watch.verdicts[2:] == [(8.0, "close")]
    assert watch.to(3 + RESTS[0]).on().to(11).off().to(13).verdicts[3:] == [(12.0, "renew")]


def test_one_that_was_of_use_makes_nobody_wait() -> None:
    watch = Watch().on().to(2).off().to(3.2).sign(in_turn=True).answered().to(4).on().to(5).off().to(6.5)
    assert watch.verdicts == [(3.0, "renew"), (6.0, "renew")]


def test_nobody_is_watched_who_was_not_spoken_to() -> None:
    """Without a detector there are signs of life, and no deadline."""
    watch = Watch().sign(in_turn=True).to(9)
    assert watch.verdicts == []
    assert not watch.vigil.waiting


@given(st.lists(st.tuples(st.floats(0.05, 30.0), st.floats(0.05, 30.0)), min_size=1, max_size=400))
def test_in_a_room_full_of_noise_connections_are_few(noises: list[tuple[float, float]]) -> None:
    """An hour's worth of sounds that the detector takes for speech, and a service that is right to say nothing."""
    watch, now = Watch(), 0.0
    for noise, pause in noises:
        watch.on().to(now + noise).off().to(now + noise + pause)
        now += noise + pause
    renewals = [when for when, verdict in watch.verdicts if verdict == "renew"]
    assert len(renewals) <= len(RESTS) + now / RESTS[-1]
