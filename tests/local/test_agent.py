from datetime import datetime

import pytest

from voicegraph.local.agent import MOST, SmallAgent

NOW = datetime(2026, 3, 1, 14, 5)


def ask(text: str, now: datetime = NOW) -> tuple[str, str]:
    answer = SmallAgent().answer(text, now)
    return answer.skill, answer.text


@pytest.mark.parametrize(
    ("text", "skill", "answer"),
    [
        ("what time is it", "time", "It is 2:05 p.m."),
        ("Could you tell me the time, please?", "time", "It is 2:05 p.m."),
        ("what is the date today", "date", "Today is Sunday, 1 March 2026."),
        ("What day is it?", "date", "Today is Sunday, 1 March 2026."),
        ("what is twelve times seven", "sum", "12 times 7 is 84."),
        ("What's 2+2?", "sum", "2 plus 2 is 4."),
        ("repeat after me good morning everybody", "repeat", "good morning everybody"),
        ("Say: It's 5 o'clock.", "repeat", "It's 5 o'clock."),
        ("count to five", "count", "1, 2, 3, 4, 5."),
        ("Please count from 3 to 1.", "count", "3, 2, 1."),
        ("can you count down from ten to eight", "count", "10, 9, 8."),
        ("count to a million", "count", f"I count to {MOST} at most."),
        ("hello", "greeting", "Hello! What can I do for you?"),
        ("thank you very much", "thanks", "You are welcome."),
        ("stop", "stop", "All right."),
    ],
)
def test_skills(text: str, skill: str, answer: str) -> None:
    assert ask(text) == (skill, answer)


@pytest.mark.parametrize(("hour", "said"), [(0, "12:05 a.m."), (11, "11:05 a.m."), (12, "12:05 p.m."), (23, "11:05 p.m.")])
def test_the_hours(hour: int, said: str) -> None:
    assert ask("what time is it", NOW.replace(hour=hour))[1] == f"It is {said}"


def test_the_story_takes_longer_than_a_minute_to_tell() -> None:
    skill, story = ask("tell me a story")
    assert skill == "story"
    assert len(story.split()) > 200


@pytest.mark.parametrize("text", ["", "help", "the quick brown fox"])
def test_otherwise_it_says_what_it_can_do(text: str) -> None:
    assert "tell you a long story" in ask(text)[1]


def test_it_repeats_what_was_heard_and_not_what_was_written() -> None:
    agent = SmallAgent()
    assert agent.answer("what did you say", NOW).text == "I have not said anything yet."
    agent.answer("tell me a story", NOW)
    agent.heard("Once upon a time ")
    assert agent.answer("What did you say?", NOW).text == "I said: Once upon a time"


def test_asked_twice_it_repeats_the_same() -> None:
    agent = SmallAgent()
    agent.answer("hello", NOW)
    agent.heard("Hello! What can")
    for _ in range(2):
        assert agent.answer("what did you say", NOW).text == "I said: Hello! What can"
        agent.heard("I said: Hello!")


def test_a_reply_that_nobody_heard_was_not_said() -> None:
    agent = SmallAgent()
    agent.answer("hello", NOW)
    agent.heard("")
    assert agent.answer("what did you say", NOW).text == "I have not said anything yet."


def test_it_greets_and_reminds() -> None:
    agent = SmallAgent()
    assert agent.answer("", NOW, "greeting").text.startswith("Hello!")
    assert agent.answer("", NOW, "reminder").text == "Are you still there?"
