"""What a caller would notice, conversation by conversation: the whole path from speech to sound, in virtual time."""

from __future__ import annotations

import asyncio
import random

import pytest

from voicegraph.testing.conversation import Conversation, Packet, converse
from voicegraph.testing.scripted import RATE, SECONDS_PER_CHARACTER, Answer, Take, loudness

LONG = "This is a long answer. It has some sentences. They go on for a while. Then there is an end."


def audible(call: Conversation, begin: float = 0.0, end: float = 1e9) -> list[Packet]:
    return [packet for packet in call.sound if begin < packet.t <= end and packet.pcm.any()]


def played(call: Conversation, reply: int) -> int:
    """Samples of this reply that left at any loudness."""
    return sum(int((packet.pcm != 0).sum()) for packet in call.sound if packet.reply == reply)


@pytest.fixture(params=[False, True], ids=["detector", "cues"])
def cues(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def long_answers(call: Conversation) -> None:
    call.agent.answer = lambda turn: Answer(turn.say or LONG)


def test_barge_in_stops_the_reply_and_is_answered(cues: bool) -> None:
    spoke = 0.0

    async def script(call: Conversation) -> None:
        nonlocal spoke
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(2)
        spoke = call.now
        await call.caller.say("No, stop please.")
        await call.until_heard(2)

    call = converse(script, cues=cues)
    assert [fact.why for fact in call.heard] == ["interrupted", "finished"]
    assert audible(call, spoke + 0.25, spoke + 0.9) == [], "silent within the time it takes to pause"
    assert [entry.user for entry in call.history] == ["Tell me something.", "No, stop please."]
    assert call.turns[-1].interrupted


def test_what_was_not_heard_is_not_in_the_history(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(2)
        await call.caller.say("No, stop please.")
        await call.until_heard(2)

    call = converse(script, cues=cues)
    heard = call.history[0].heard
    spoken = LONG[: round(call.heard[0].samples / RATE / SECONDS_PER_CHARACTER)]
    assert LONG.startswith(heard.strip())
    assert abs(len(heard.split()) - len(spoken.split())) <= 1
    assert len(heard) < len(LONG) / 2


def test_ten_interruptions_in_a_row_leave_nothing_behind(cues: bool) -> None:
    tasks: list[int] = []

    async def script(call: Conversation) -> None:
        long_answers(call)
        for count in range(10):
            await call.caller.say(f"Question number {count}?")
            await call.until_speaking()
            await asyncio.sleep(0.7)
            tasks.append(len(asyncio.all_tasks()))
        call.agent.answer = lambda turn: Answer("Done.")
        await call.caller.say("That is all.")
        await call.until_heard(11)
        await asyncio.sleep(1)
        assert all(link.waiting == 0 for link in call.session.statistics())

    call = converse(script, cues=cues)
    assert [fact.why for fact in call.heard] == ["interrupted"] * 10 + ["finished"]
    assert [entry.user for entry in call.history] == [f"Question number {count}?" for count in range(10)] + ["That is all."]
    assert max(tasks) - min(tasks) <= 1
    assert call.problems == []
    assert call.session.dead_errors == 0


def test_interrupted_and_interrupted_again_at_once(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(1)
        await call.caller.say("No, wait.", final=0.05)
        await asyncio.sleep(0.6)
        await call.caller.say("Something else.")
        await call.until(lambda: bool(call.heard) and call.heard[-1].finished)

    call = converse(script, cues=cues)
    assert " ".join(entry.user for entry in call.history) == "Tell me something. No, wait. Something else."
    assert all(entry.heard or not entry.finished for entry in call.history)


def test_a_false_interruption_resumes_without_losing_a_sample(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(1)
        await call.caller.cough(0.4)
        await call.until_heard()

    call = converse(script, cues=cues)
    assert [gate for _, gate in call.gates[1:]] == ["ducked", "paused", "open"]
    whole = round(len(LONG + " ") * SECONDS_PER_CHARACTER * RATE)
    assert call.heard[0].finished
    assert abs(call.heard[0].samples - whole) <= 4, "one sample of rounding per sentence"
    assert abs(played(call, 1) - whole) <= 10, "all of it was audible"
    assert call.history[0].heard.strip() == LONG


def test_a_hundred_false_interruptions_cost_not_one_sample() -> None:
    """Bursts of 100 to 180 ms and sounds of listening, at any moment of the reply."""
    dice = random.Random(4)
    whole = round(len(LONG + " ") * SECONDS_PER_CHARACTER * RATE)
    for _ in range(100):
        length, moment, word = dice.uniform(0.1, 0.18), dice.uniform(0.1, 4.0), dice.choice(("", "", "uh-huh", "mm-hmm"))

        async def script(call: Conversation, length: float = length, moment: float = moment, word: str = word) -> None:
            long_answers(call)
            await call.caller.say("Tell me something.")
            await call.until_speaking()
            await asyncio.sleep(moment)
            await (call.caller.say(word) if word else call.caller.cough(length))
            await call.until_heard()

        call = converse(script, cues=False)
        assert call.heard[0].finished, (length, moment, word)
        assert abs(call.heard[0].samples - whole) <= 4, "one sample of rounding per sentence"
        assert abs(played(call, 1) - whole) <= 10, "all of it was audible"


def test_a_sound_of_listening_does_not_stop_the_reply(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(0.5)
        await call.caller.say("Uh-huh.")
        await asyncio.sleep(1.5)
        await call.caller.say("Okay.", final=1.0)
        await call.until_heard()
        await asyncio.sleep(5)

    call = converse(script, cues=cues)
    assert [fact.why for fact in call.heard] == ["finished"]
    assert len(call.turns) == 1


def test_typed_text_is_answered_at_once_and_interrupts() -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(1)
        call.caller.type("Something else")
        await call.until_heard(2)

    call = converse(script)
    assert [(entry.user, entry.finished) for entry in call.history] == [("Tell me something.", False), ("Something else", True)]


def test_typed_text_while_the_agent_thinks_takes_only_its_own_answer(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer("Here you are.", delay=1.0)
        await call.caller.say("Tell me something.")
        await asyncio.sleep(0.8)
        call.caller.type("Something else")
        await call.until(lambda: sum(fact.finished for fact in call.heard) == 2)

    call = converse(script, cues=cues)
    assert [entry.user for entry in call.history] == ["Something else", "Tell me something."]


def test_an_agent_that_fails_is_told_and_the_call_goes_on(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer("Sorry, what?", fails_after=0)
        await call.caller.say("Tell me something.")
        await call.until_heard()
        assert call.problems == ["The model does not answer."]
        call.agent.answer = lambda turn: Answer(turn.say or LONG)
        await call.until_heard()
        await call.caller.say("Hello?")
        await call.until_heard()

    call = converse(script, cues=cues)
    assert [entry.user for entry in call.history] == ["", "Tell me something. Hello?"]
    assert call.history[0].heard.startswith("I'm sorry"), "the apology, as any graph has it unless told otherwise"
    assert call.reason == "hung up"


def test_an_agent_that_fails_in_the_middle_is_remembered_with_what_was_heard() -> None:
    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer(LONG, pace=0.3, fails_after=8)
        await call.caller.say("Tell me something.")
        await call.until_heard()

    call = converse(script)
    assert call.heard[0].why == "failed"
    assert LONG.startswith(call.history[0].heard.strip())
    assert call.history[0].heard


def test_a_slow_agent_is_given_up() -> None:
    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer(LONG, delay=60)
        await call.caller.say("Tell me something.")
        await call.until_heard()

    call = converse(script)
    assert call.problems == ["The answer took too long."]
    assert call.history == []


def test_a_voice_that_starves_ends_the_reply_with_what_was_heard() -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        call.voice.take = lambda text: Take(stall=(0.5, 60.0))
        await call.caller.say("Tell me something.")
        await call.until_heard()

    call = converse(script)
    assert call.problems == ["The voice stopped in the middle of the answer."]
    assert call.heard[0].why == "starved"
    assert 0 < call.heard[0].samples <= 0.8 * RATE


def test_a_voice_that_stalls_for_a_moment_goes_on_where_it_was() -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        call.voice.take = lambda text: Take(stall=(0.4, 1.5))
        await call.caller.say("Tell me something.")
        await call.until_heard()

    call = converse(script)
    assert call.heard[0].finished
    assert call.history[0].heard.strip() == LONG


def test_hanging_up_in_the_middle_of_a_sentence_remembers_what_was_heard(cues: bool) -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.caller.say("Tell me something.")
        await call.until_speaking()
        await asyncio.sleep(2)

    call = converse(script, cues=cues)
    (fact,) = call.heard
    assert (fact.why, fact.finished) == ("ended", False)
    assert call.history[0].heard == fact.text
    assert fact.text


def test_a_speculative_reply_is_neither_heard_nor_remembered() -> None:
    """The caller pauses and goes on: what was begun in the pause never shows."""

    async def script(call: Conversation) -> None:
        call.agent.answer = lambda turn: Answer("Yes.", delay=0.0)
        call.voice.take = lambda text: Take(delay=0.0)
        await call.caller.say("I would like a coffee and", final=0.05)
        await asyncio.sleep(0.5)
        await call.caller.say("a piece of cake.")
        await call.until_heard()

    call = converse(script)
    assert len(call.turns) > 1
    assert [entry.user for entry in call.history] == ["I would like a coffee and a piece of cake."]
    replies = {packet.reply for packet in audible(call)}
    assert len(replies) == 1


def test_a_greeting_can_be_interrupted() -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        await call.until_speaking()
        await asyncio.sleep(1)
        await call.caller.say("Yes, I have a question.")
        await call.until_heard(2)

    call = converse(script, floor={"welcome": "Hello and welcome to this very long greeting, which nobody wants to hear."})
    assert [fact.why for fact in call.heard] == ["interrupted", "finished"]


def test_sound_of_one_reply_never_continues_in_the_next() -> None:
    async def script(call: Conversation) -> None:
        long_answers(call)
        for _ in range(3):
            await call.caller.say("Tell me something.")
            await call.until_speaking()
            await asyncio.sleep(1)

    call = converse(script)
    for packet in audible(call):
        assert packet.reply is None or packet.pcm.max() <= loudness(packet.reply)
