from __future__ import annotations

from voicegraph.core.dialogue import Message
from voicegraph.core.thread import Append, Restart, Start, Thread


def dialogue(*texts: str) -> list[list[Message]]:
    """Question, answer, question, …: one exchange for each question."""
    pairs = zip(texts[::2], [*texts[1::2], ""], strict=False)
    return [[{"role": "user", "content": asked}, *([{"role": "assistant", "content": said}] if said else [])] for asked, said in pairs]


def told(*texts: str) -> list[Message]:
    return [message for exchange in dialogue(*texts) for message in exchange]


def finished(thread: Thread, reply: int, exchanges: list[list[Message]], entry: str) -> None:
    thread.ask(reply, exchanges)
    thread.answered(reply, "c1", entry)
    thread.entered(reply, whole=True)


def test_a_conversation_is_started_and_then_goes_on() -> None:
    thread = Thread()
    assert thread.ask(1, dialogue("One?")) == Start(told("One?"))
    thread.answered(1, "c1", "e1")
    thread.entered(1, whole=True)
    assert thread.ask(2, dialogue("One?", "One.", "Two?")) == Append("c1", told("Two?"))


def test_after_an_interruption_it_goes_on_from_what_was_heard() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.answered(2, "c1", "e2")
    thread.entered(2, whole=False)
    assert thread.ask(3, dialogue("One?", "One.", "Two?", "Tw", "Three?")) == Restart("c1", "e1", told("Two?", "Tw", "Three?"))
    thread.answered(3, "c2", "e3")
    thread.entered(3, whole=True)
    assert thread.ask(4, dialogue("One?", "One.", "Two?", "Tw", "Three?", "Three.", "Four?")) == Append("c2", told("Four?"))


def test_a_speculation_that_was_dropped_leaves_no_trace() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Tw"))
    thread.answered(2, "c1", "e2")
    assert thread.ask(3, dialogue("One?", "One.", "Two?")) == Restart("c1", "e1", told("Two?"))


def test_an_interrupted_beginning_is_told_in_a_new_conversation() -> None:
    thread = Thread()
    thread.ask(1, dialogue("One?"))
    thread.answered(1, "c1", "e1")
    thread.entered(1, whole=False)
    assert thread.ask(2, dialogue("One?", "On", "Two?")) == Start(told("One?", "On", "Two?"))


def test_two_interruptions_in_a_row_are_both_told() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    for reply in (2, 3):
        thread.ask(reply, dialogue("…"))
        thread.entered(reply, whole=False)
    exchanges = dialogue("One?", "One.", "Two?", "Tw", "Three?", "Thr", "Four?")
    assert thread.ask(4, exchanges) == Restart("c1", "e1", told("Two?", "Tw", "Three?", "Thr", "Four?"))


def test_what_was_said_without_asking_after_an_interruption_is_told_together_with_it() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.answered(2, "c1", "e2")
    thread.entered(2, whole=False)
    thread.entered(3, whole=True)  # a reminder
    exchanges = dialogue("One?", "One.", "Two?", "Tw", "(Nothing.)", "Are you there?", "Yes.")
    assert thread.ask(4, exchanges) == Restart("c1", "e1", told("Two?", "Tw", "(Nothing.)", "Are you there?", "Yes."))


def test_what_was_said_without_asking_is_added_to_a_conversation_that_is_true() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.entered(2, whole=True)
    exchanges = dialogue("One?", "One.", "(Withheld.)", "I can't help with that.", "Why?")
    assert thread.ask(3, exchanges) == Append("c1", told("(Withheld.)", "I can't help with that.", "Why?"))


def test_an_answer_of_which_no_word_was_heard_counts_as_an_exchange_all_the_same() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.entered(2, whole=False)
    exchanges = [*dialogue("One?", "One."), *dialogue("Two?"), *dialogue("Three?")]
    assert thread.ask(3, exchanges) == Restart("c1", "e1", [{"role": "user", "content": "Two?\nThree?"}])


def test_an_answer_that_ended_without_an_entry_is_told_again() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.entered(2, whole=True)
    assert thread.ask(3, dialogue("One?", "One.", "Two?", "Two.", "Three?")) == Restart("c1", "e1", told("Two?", "Two.", "Three?"))


def test_a_turn_that_was_really_another_is_told_again_with_all_that_followed() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    finished(thread, 2, dialogue("One?", "One.", "Two?"), "e2")
    finished(thread, 3, dialogue("One?", "One.", "Two?", "Two.", "Three?"), "e3")
    thread.amended(2)
    exchanges = dialogue("One?", "One.", "Twelve?", "Two.", "Three?", "Three.", "Four?")
    assert thread.ask(4, exchanges) == Restart("c1", "e1", told("Twelve?", "Two.", "Three?", "Three.", "Four?"))


def test_a_first_turn_that_was_really_another_begins_a_new_conversation() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.amended(1)
    assert thread.ask(2, dialogue("Eleven?", "One.", "Two?")) == Start(told("Eleven?", "One.", "Two?"))


def test_an_answer_that_is_being_made_to_words_that_are_amended_is_not_gone_on_from() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.amended(2)
    thread.answered(2, "c1", "e2")
    thread.entered(2, whole=True)
    assert thread.ask(3, dialogue("One?", "One.", "Twelve?", "Two.", "Three?")) == Restart("c1", "e1", told("Twelve?", "Two.", "Three?"))


def test_a_conversation_that_is_gone_begins_anew_with_all_that_was_said() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.forgotten()
    assert thread.ask(2, dialogue("One?", "One.", "Two?")) == Start(told("One?", "One.", "Two?"))
