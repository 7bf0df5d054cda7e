from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.dialogue import Dialogue

SAMPLES = 24000


def test_the_first_request_is_instructions_and_words() -> None:
    dialogue = Dialogue("Be kind.", 20)
    assert dialogue.ask(1, "Hello") == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]


def test_without_instructions_there_is_no_system_message() -> None:
    assert Dialogue("", 20).ask(1, "Hello") == [{"role": "user", "content": "Hello"}]


def test_a_heard_reply_enters_the_history() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello")
    dialogue.heard(1, "Hi. What can I do?", SAMPLES, finished=True)
    assert dialogue.ask(2, "Nothing") == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi. What can I do?"},
        {"role": "user", "content": "Nothing"},
    ]


def test_an_interrupted_reply_is_what_was_heard_and_the_next_request_says_so() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Tell me a story")
    dialogue.heard(1, "Once upon a time there was a king who", SAMPLES, finished=False)
    _, agent, caller = dialogue.ask(2, "Stop", interrupted=True)
    assert agent == {"role": "assistant", "content": "Once upon a time there was a king who"}
    assert caller["content"] == "(You were interrupted: I heard nothing after “time there was a king who”.) Stop"


def test_an_answer_that_broke_off_by_itself_is_not_called_interrupted() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Tell me a story")
    dialogue.heard(1, "Once upon a time", SAMPLES, finished=False)
    assert dialogue.ask(2, "Hello?")[-1]["content"] == "(Your answer broke off: I heard nothing after “Once upon a time”.) Hello?"


def test_the_note_stays_where_the_interruption_was() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Tell me a story")
    dialogue.heard(1, "Once upon", SAMPLES, finished=False)
    dialogue.ask(2, "Stop", interrupted=True)
    dialogue.heard(2, "All right.", SAMPLES, finished=True)
    contents = [message["content"] for message in dialogue.ask(3, "Thanks")]
    assert contents[2] == "(You were interrupted: I heard nothing after “Once upon”.) Stop"
    assert contents[-1] == "Thanks"


def test_a_reply_that_nobody_heard_leaves_no_trace() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello")
    dialogue.heard(1, "", 0, finished=False)
    assert dialogue.ask(2, "Hello are you there") == [{"role": "user", "content": "Hello are you there"}]


def test_an_attempt_that_was_dropped_leaves_no_trace() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello")
    assert dialogue.ask(2, "Hello there") == [{"role": "user", "content": "Hello there"}]
    dialogue.heard(1, "Hi", SAMPLES, finished=True)
    assert dialogue.ask(3, "And now") == [{"role": "user", "content": "And now"}]


def test_a_reply_cut_inside_its_first_word_still_answered_the_caller() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello")
    dialogue.heard(1, "", 400, finished=False)
    assert dialogue.ask(2, "wait", interrupted=True) == [{"role": "user", "content": "Hello\n(You were interrupted: I heard nothing of it.) wait"}]


def test_a_reply_is_heard_once() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello")
    dialogue.heard(1, "Hi", SAMPLES, finished=True)
    dialogue.heard(1, "Hi", SAMPLES, finished=True)
    assert len(dialogue.ask(2, "Bye")) == 3


def test_late_words_amend_the_turn_that_was_answered() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Book a table for")
    dialogue.heard(1, "Certainly.", SAMPLES, finished=True)
    dialogue.amend(1, "Book a table for two")
    assert dialogue.ask(2, "Thanks")[0]["content"] == "Book a table for two"


def test_it_says_whether_late_words_are_new() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Book a table for")
    assert not dialogue.amend(1, " Book a table for ")
    assert not dialogue.amend(1, "")
    assert not dialogue.amend(2, "Of a turn that was never answered")
    assert dialogue.amend(1, "Book a table for two")


def test_late_words_amend_the_turn_that_is_being_answered() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Book a table for")
    dialogue.amend(1, "Book a table for two")
    dialogue.heard(1, "Certainly.", SAMPLES, finished=True)
    assert dialogue.ask(2, "Thanks")[0]["content"] == "Book a table for two"


def test_an_answer_on_the_screen_counts_whole() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Hello", "typed")
    dialogue.heard(1, "Hi. What now?", 0, finished=True)
    assert dialogue.ask(2, "Nothing")[1] == {"role": "assistant", "content": "Hi. What now?"}


def test_a_reply_to_nobody_says_its_occasion() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "", "greeting")
    dialogue.heard(1, "Welcome!", SAMPLES, finished=True)
    assert dialogue.ask(2, "Hello") == [
        {"role": "user", "content": "(The call has just begun.)"},
        {"role": "assistant", "content": "Welcome!"},
        {"role": "user", "content": "Hello"},
    ]


def test_only_so_many_exchanges_are_kept() -> None:
    dialogue = Dialogue("Be kind.", 2)
    for reply in range(1, 5):
        dialogue.ask(reply, f"question {reply}")
        dialogue.heard(reply, f"answer {reply}", SAMPLES, finished=True)
    contents = [message["content"] for message in dialogue.ask(5, "last")]
    assert contents == ["Be kind.", "question 3", "answer 3", "question 4", "answer 4", "last"]


def test_another_dialogue_goes_on_from_its_entries() -> None:
    former, later = Dialogue("Be kind.", 20), Dialogue("Be kind.", 20)
    former.ask(1, "Tell me a story")
    assert former.entries() == []
    former.heard(1, "Once upon a time", SAMPLES, finished=False)
    later.recall(former.entries())
    assert later.entries() == former.entries() == [{"caller": "Tell me a story", "agent": "Once upon a time", "cut": True}]
    assert later.ask(1, "Go on") == former.ask(2, "Go on")


@given(st.lists(st.tuples(st.sampled_from(["", "words"]), st.sampled_from(["", "heard"]), st.integers(0, 2), st.booleans())))
def test_the_roles_take_turns_whatever_happens(replies: list[tuple[str, str, int, bool]]) -> None:
    dialogue = Dialogue("Be kind.", 3)
    for number, (caller, heard, samples, finished) in enumerate(replies):
        dialogue.ask(number, caller)
        dialogue.heard(number, heard, samples, finished)
    roles = [message["role"] for message in dialogue.ask(len(replies), "last")]
    assert roles[0] == "system"
    assert roles[1] == roles[-1] == "user"
    assert all(one != other for one, other in pairwise(roles))


CALLS: list[dict[str, Any]] = [
    {"role": "assistant", "content": "", "tool_calls": [{"id": "a"}]},
    {"role": "tool", "tool_call_id": "a", "content": "Booked."},
]


def test_what_tools_did_is_told_between_question_and_answer() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Book a table")
    dialogue.did(1, CALLS, lasting=True)
    dialogue.heard(1, "It is booked.", SAMPLES, finished=True)
    assert [message["role"] for message in dialogue.ask(2, "Thanks")] == ["user", "assistant", "tool", "assistant", "user"]


def test_exchanges_can_be_told_without_what_tools_did() -> None:
    dialogue = Dialogue("Be kind.", 20)
    dialogue.ask(1, "Book a table")
    dialogue.did(1, CALLS, lasting=True)
    dialogue.heard(1, "It is booked.", SAMPLES, finished=True)
    dialogue.ask(2, "Thanks")
    assert dialogue.exchanges(tools=False) == [
        [{"role": "user", "content": "Book a table"}, {"role": "assistant", "content": "It is booked."}],
        [{"role": "user", "content": "Thanks"}],
    ]


def test_what_changed_the_world_is_remembered_though_nothing_was_heard() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "Book a table")
    dialogue.did(1, CALLS, lasting=True)
    dialogue.heard(1, "", 0, finished=False)
    *_, answer, caller = dialogue.ask(2, "Hello?", interrupted=True)
    assert answer == {"role": "assistant", "content": "…"}
    assert caller["content"] == "(You were interrupted: I heard nothing of it.) Hello?"


def test_what_was_only_looked_up_leaves_no_trace_when_nothing_was_heard() -> None:
    dialogue = Dialogue("", 20)
    dialogue.ask(1, "What is the weather like")
    dialogue.did(1, CALLS, lasting=False)
    dialogue.heard(1, "", 0, finished=False)
    assert dialogue.ask(2, "Hello?") == [{"role": "user", "content": "Hello?"}]


def test_what_tools_did_outlives_the_call() -> None:
    dialogue, later = Dialogue("", 20), Dialogue("", 20)
    dialogue.ask(1, "Book a table")
    dialogue.did(1, CALLS, lasting=True)
    dialogue.heard(1, "It is booked.", SAMPLES, finished=True)
    later.recall(dialogue.entries())
    assert later.ask(2, "Thanks") == dialogue.ask(2, "Thanks")
