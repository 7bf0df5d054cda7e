import pytest

from voicegraph.core.transcript import Cue, Fact, Said, Transcript, own_part


def said(facts: list[Fact]) -> list[tuple[int, str, bool]]:
    return [(fact.segment, fact.text, fact.final) for fact in facts if isinstance(fact, Said)]


def cues(facts: list[Fact]) -> list[tuple[int, str]]:
    return [(fact.segment, fact.kind) for fact in facts if isinstance(fact, Cue)]


class TestFlushes:
    def test_deltas_grow_one_segment(self) -> None:
        words = Transcript(turns=False)
        assert said(words.delta("hello ")) == [(0, "hello", False)]
        assert said(words.delta("there")) == [(0, "hello there", False)]

    def test_a_delta_without_words_says_nothing(self) -> None:
        words = Transcript(turns=False)
        assert words.delta(" ") == []
        assert words.delta("... ") == []

    def test_a_flush_closes_the_segment_and_the_next_one_begins(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello")
        assert words.flush() == 0
        assert said(words.done("Hello there.")) == [(0, "Hello there.", True)]
        assert said(words.delta("and")) == [(1, "and", False)]

    def test_a_flush_of_silence_gives_an_empty_final(self) -> None:
        words = Transcript(turns=False)
        words.flush()
        assert said(words.done("")) == [(0, "", True)]

    def test_the_deadline_closes_with_what_was_heard(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello there")
        segment = words.flush()
        assert said(words.overdue(segment)) == [(0, "hello there", True)]
        assert words.overdue(segment) == []

    def test_the_deadline_means_nothing_after_the_final_text(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello")
        segment = words.flush()
        words.done("hello")
        assert words.overdue(segment) == []

    def test_a_late_final_completes_the_segment_that_was_given_up(self) -> None:
        words = Transcript(turns=False)
        words.delta("book a table for")
        words.overdue(words.flush())
        assert said(words.done("book a table for two")) == [(0, "book a table for two", True)]

    def test_a_late_final_does_not_close_the_next_segment(self) -> None:
        words = Transcript(turns=False)
        words.delta("book a table for")
        words.overdue(words.flush())
        words.delta("at eight")
        words.flush()
        assert said(words.done("book a table for two")) == [(0, "book a table for two", True)]
        assert said(words.done("at eight.")) == [(1, "at eight.", True)]

    def test_a_final_for_the_next_segment_is_not_taken_for_a_late_one(self) -> None:
        words = Transcript(turns=False)
        words.delta("yes")
        words.overdue(words.flush())
        words.delta("yes please")
        words.flush()
        assert said(words.done("yes please")) == [(1, "yes please", True)]

    def test_flushes_in_a_row_are_answered_in_order(self) -> None:
        words = Transcript(turns=False)
        words.delta("one")
        assert [words.flush(), words.flush()] == [0, 1]
        assert said(words.done("one")) == [(0, "one", True)]
        assert said(words.done("")) == [(1, "", True)]

    def test_an_empty_final_text_does_not_lose_what_was_heard(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello there")
        words.flush()
        assert said(words.done("")) == [(0, "hello there", True)]

    def test_a_final_text_may_correct_what_was_heard(self) -> None:
        words = Transcript(turns=False)
        words.delta("twenty five euros")
        words.flush()
        assert said(words.done("25 euros")) == [(0, "25 euros", True)]

    def test_cumulative_finals_give_each_segment_its_own_words(self) -> None:
        words = Transcript(turns=False)
        session = ""
        for number, utterance in enumerate(["Hello there.", "What can you do?", "Thank you."]):
            words.delta(utterance.lower())
            words.flush()
            session = f"{session} {utterance}".strip()
            assert said(words.done(session)) == [(number, utterance, True)]

    def test_cumulative_finals_after_one_that_never_came(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello")
        words.flush()
        words.done("Hello.")
        words.delta("what can you")
        words.overdue(words.flush())
        words.delta("thank you")
        words.flush()
        assert said(words.done("Hello. What can you do? Thank you.")) == [(2, "do? Thank you.", True)]
        words.flush()
        assert said(words.done("Hello. What can you do? Thank you.")) == [(3, "", True)]

    def test_the_same_words_twice_are_not_taken_for_cumulative(self) -> None:
        words = Transcript(turns=False)
        for number in (0, 1):
            words.delta("yes")
            words.flush()
            assert said(words.done("Yes.")) == [(number, "Yes.", True)]

    def test_the_language_is_told_with_the_words(self) -> None:
        words = Transcript(turns=False, language="de")
        assert words.delta("bonjour") == [Said(0, "bonjour", False, "de")]
        words.language("fr")
        assert words.delta(" Paul") == [Said(0, "bonjour Paul", False, "fr")]


class TestTurns:
    def test_a_turn_from_start_to_end(self) -> None:
        words = Transcript(turns=True)
        assert words.cue("start", 0.5) == [Cue(0, "start", 0.5)]
        assert said(words.delta("hello there")) == [(0, "hello there", False)]
        assert words.cue("eager", 1.5) == [Cue(0, "eager", 1.5)]
        assert words.cue("end", 1.8) == [Said(0, "hello there", True), Cue(0, "end", 1.8)]
        assert cues(words.cue("start", 3.0)) == [(1, "start")]

    def test_resume_takes_the_eager_end_back(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.cue("eager", 1.5)
        assert cues(words.cue("resume", 1.7)) == [(0, "resume")]
        assert said(words.delta("more")) == [(0, "more", False)]

    def test_words_before_a_turn_wait_for_its_start(self) -> None:
        words = Transcript(turns=True)
        assert words.delta("hello") == []
        assert words.cue("start", 0.5) == [Cue(0, "start", 0.5), Said(0, "hello", False)]

    def test_words_after_a_turn_do_not_begin_the_next(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.delta("how much is")
        words.cue("end", 1.5)
        assert words.delta(" it?") == []
        assert said(words.done("how much is it?")) == [(0, "how much is it?", True)]
        words.cue("start", 3.0)
        assert said(words.delta("fine")) == [(1, "fine", False)]

    def test_marks_left_behind_do_not_lead_the_next_turn(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.delta("fine")
        words.cue("end", 1.5)
        words.delta(". ")
        words.cue("start", 3.0)
        assert said(words.delta("¿Qué?")) == [(1, "¿Qué?", False)]

    def test_a_final_that_says_nothing_new_is_silent(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.delta("hello there")
        words.cue("end", 1.5)
        assert words.done("Hello there.") == []

    def test_a_turn_without_words_has_an_empty_final(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        assert words.cue("end", 1.5) == [Said(0, "", True), Cue(0, "end", 1.5)]

    @pytest.mark.parametrize("kind", ["resume", "end"])
    def test_a_cue_that_changes_nothing_is_ignored(self, kind: str) -> None:
        assert Transcript(turns=True).cue(kind, 0.5) == []  # type: ignore[arg-type]

    def test_an_end_whose_start_was_lost_still_ends_a_turn(self) -> None:
        words = Transcript(turns=True)
        words.delta("hello")
        facts = words.cue("end", 1.5)
        assert cues(facts) == [(0, "start"), (0, "end")]
        assert said(facts) == [(0, "hello", False), (0, "hello", True)]

    def test_an_eager_end_whose_start_was_lost_starts_the_turn(self) -> None:
        assert cues(Transcript(turns=True).cue("eager", 1.5)) == [(0, "start"), (0, "eager")]


class TestAgain:
    def test_text_does_not_shrink_while_it_is_heard_again(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.delta("one two three")
        assert words.again() == []
        assert words.cue("start", 0.1) == []
        assert words.delta("one ") == []
        assert words.delta("two three ") == []
        assert said(words.delta("four")) == [(0, "one two three four", False)]
        assert said(words.cue("end", 1.5)) == [(0, "one two three four", True)]

    def test_an_eager_end_is_taken_back(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.5)
        words.cue("eager", 1.5)
        assert cues(words.again()) == [(0, "resume")]

    def test_a_pending_flush_is_answered_by_the_new_connection(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello")
        words.flush()
        words.again()
        assert said(words.done("Hello there.")) == [(0, "Hello there.", True)]

    def test_the_new_connection_has_no_past(self) -> None:
        words = Transcript(turns=False)
        words.delta("yes")
        words.flush()
        words.done("yes")
        words.again()
        words.flush()
        assert said(words.done("yes I do")) == [(1, "yes I do", True)]

    def test_something_waits_until_it_is_closed(self) -> None:
        words = Transcript(turns=False)
        assert not words.waiting
        words.delta("hello")
        assert words.waiting
        words.flush()
        assert words.waiting
        words.done("hello")
        assert not words.waiting


class TestLapse:
    def test_a_turn_whose_end_does_not_come_is_ended_with_what_was_heard(self) -> None:
        words = Transcript(turns=True)
        words.cue("start", 0.1)
        words.delta("hello there")
        assert words.lapse() == [Said(0, "hello there", True), Cue(0, "end", 0.1)]
        assert not words.in_turn

    def test_words_that_no_turn_event_announced_are_told_without_one(self) -> None:
        words = Transcript(turns=True)
        assert words.delta("hello there") == []
        assert words.lapse() == [Said(0, "hello there", True)]
        assert words.lapse() == []
        words.cue("start", 2.0)
        assert words.delta("again")[-1] == Said(1, "again", False)

    def test_where_segments_are_flushed_none_lapses(self) -> None:
        words = Transcript(turns=False)
        words.delta("hello")
        assert words.lapse() == []


@pytest.mark.parametrize(
    ("text", "past", "heard", "own"),
    [
        ("hello", "", "", "hello"),
        ("Hello. What now?", "hello", "what now", "What now?"),
        ("Hello. What now?", "hello", "", "What now?"),
        ("yesterday", "yes", "", "yesterday"),
        ("今日は天気がいい", "今日は", "天気", "天気がいい"),
        ("hello hello", "hello", "hello", "hello"),
        ("hello", "hello", "hello", "hello"),
        ("hello", "hello", "", ""),
    ],
)
def test_own_part(text: str, past: str, heard: str, own: str) -> None:
    assert own_part(text, past, heard) == own
