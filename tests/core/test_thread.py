from __future__ import annotations

from voicegraph.core.dialogue import Message
from voicegraph.core.thread import Append, Restart, Start, Thread


def dialogue(*texts: str) -> list[Message]:
    return [{"role": "assistant" if index % 2 else "user", "content": text} for index, text in enumerate(texts)]


def finished(thread: Thread, reply: int, messages: list[Message], entry: str) -> None:
    thread.ask(reply, messages)
    thread.answered(reply, "c1", entry)
    thread.heard(reply, finished=True)


def test_a_conversation_is_started_and_then_goes_on() -> None:
    thread = Thread()
    assert thread.ask(1, dialogue("One?")) == Start(dialogue("One?"))
    thread.answered(1, "c1", "e1")
    thread.heard(1, finished=True)
    assert thread.ask(2, dialogue("One?", "One.", "Two?")) == Append("c1", dialogue("Two?"))


def test_after_an_interruption_it_goes_on_from_what_was_heard() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.answered(2, "c1", "e2")
    thread.heard(2, finished=False)
    messages = dialogue("One?", "One.", "Two?", "Tw", "Three?")
    assert thread.ask(3, messages) == Restart("c1", "e1", messages[2:])
    thread.answered(3, "c2", "e3")
    thread.heard(3, finished=True)
    assert thread.ask(4, [*messages, *dialogue("", "Three.")[1:], *dialogue("Four?")]) == Append("c2", dialogue("Four?"))


def test_a_speculation_that_was_dropped_leaves_no_trace() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Tw"))
    thread.answered(2, "c1", "e2")
    assert thread.ask(3, dialogue("One?", "One.", "Two?")) == Restart("c1", "e1", dialogue("Two?"))


def test_an_interrupted_beginning_is_told_in_a_new_conversation() -> None:
    thread = Thread()
    thread.ask(1, dialogue("One?"))
    thread.answered(1, "c1", "e1")
    thread.heard(1, finished=False)
    messages = dialogue("One?", "On", "Two?")
    assert thread.ask(2, messages) == Start(messages)


def test_two_interruptions_in_a_row_are_both_told() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    for reply in (2, 3):
        thread.ask(reply, dialogue("…"))
        thread.heard(reply, finished=False)
    messages = dialogue("One?", "One.", "Two?", "Tw", "Three?", "Thr", "Four?")
    assert thread.ask(4, messages) == Restart("c1", "e1", messages[2:])


def test_an_answer_that_ended_without_an_entry_is_told_again() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.ask(2, dialogue("One?", "One.", "Two?"))
    thread.heard(2, finished=True)
    messages = dialogue("One?", "One.", "Two?", "Two.", "Three?")
    assert thread.ask(3, messages) == Restart("c1", "e1", messages[2:])


def test_a_conversation_that_is_gone_begins_anew_with_all_that_was_said() -> None:
    thread = Thread()
    finished(thread, 1, dialogue("One?"), "e1")
    thread.forgotten()
    assert thread.ask(2, dialogue("One?", "One.", "Two?")) == Start(dialogue("One?", "One.", "Two?"))
