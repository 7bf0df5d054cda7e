import asyncio
import re
from typing import Any

import pytest

from voicegraph.frames import Amend, Heard, ReplyText, Turn
from voicegraph.processors._tools import CUT_OFF
from voicegraph.processors.local_agent import LocalAgent
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.runner import OneNode


async def ask(node: OneNode, text: str, **options: Any) -> list[ReplyText]:
    before = len(node.sent("reply"))
    node.give("turns", Turn(text=text, epoch=node.begin(), **options))
    await node.settle()
    return node.sent("reply")[before:]


def whole(pieces: list[ReplyText]) -> str:
    return "".join(piece.text for piece in pieces)


async def test_the_answer_streams_in_words_with_their_offsets() -> None:
    async with OneNode(LocalAgent) as node:
        pieces = await ask(node, "count to three")
    assert whole(pieces) == "1, 2, 3."
    assert [piece.at for piece in pieces] == [0, 3, 6, 8]
    assert [piece.last for piece in pieces] == [False, False, False, True]
    assert all(piece.spoken for piece in pieces)


async def test_the_time_is_a_time() -> None:
    async with OneNode(LocalAgent) as node:
        assert re.fullmatch(r"It is \d+:\d\d [ap]\.m\.", whole(await ask(node, "what time is it")))


@pytest.mark.parametrize("say", ["I cannot help\nwith that. ", ""])
async def test_say_is_spoken_word_for_word(say: str) -> None:
    async with OneNode(LocalAgent) as node:
        pieces = await ask(node, "", say=say)
    assert whole(pieces) == say
    assert pieces[-1].last


async def test_what_is_typed_to_be_read_is_not_spoken() -> None:
    async with OneNode(LocalAgent) as node:
        assert not any(piece.spoken for piece in await ask(node, "hello", audible=False))


async def test_it_knows_what_was_heard() -> None:
    async with OneNode(LocalAgent) as node:
        await ask(node, "tell me a story")
        node.drop()
        node.give("playout", Heard(reply=1, text="Once upon a", samples=1, rate=8000, finished=False, why="interrupted"))
        assert whole(await ask(node, "what did you say", interrupted=True)) == "I said: Once upon a … and then you interrupted me."


async def test_after_a_drop_it_writes_no_more() -> None:
    async with OneNode(LocalAgent) as node:
        node.give("turns", Turn(text="tell me a story", epoch=node.begin()))
        node.drop()
        await node.settle()
        assert len(node.sent("reply")) <= 1
        assert node.failure is None


async def test_the_skill_is_an_event() -> None:
    async with OneNode(LocalAgent) as node:
        await ask(node, "hello")
        (event,) = node.sent("events")
    assert (event.kind, dict(event.data)) == ("skill", {"name": "greeting"})


async def test_what_was_heard_outlives_the_call() -> None:
    async with OneNode(LocalAgent) as node:
        assert node.session.remembered() == {}
        await ask(node, "tell me a story")
        node.drop()
        node.give("playout", Heard(reply=1, text="Once upon a", samples=1, rate=8000, finished=False, why="interrupted"))
        await asyncio.sleep(0)
        memory = node.session.remembered()["node"]
    async with OneNode(LocalAgent, memory=memory) as node:
        assert node.session.resumed == 1
        assert whole(await ask(node, "what did you say")) == "I said: Once upon a"


async def test_it_takes_up_what_another_agent_remembers_and_nothing_else() -> None:
    memory = [{"caller": "Hello", "agent": "Hi", "cut": False}]
    async with OneNode(LocalAgent, memory=memory) as node:
        assert node.session.resumed == 1
        assert whole(await ask(node, "what did you say")) == "I said: Hi"
        assert node.session.remembered()["node"] == memory
    async with OneNode(LocalAgent, memory=["Hi"]) as node:
        assert node.session.resumed == 0
        assert node.failure is None


async def weather(town: str) -> str:
    """What the weather is like."""
    await asyncio.sleep(0.3)
    return f"It is sunny in {town}."


TOOLS = {"tools": {"weather": {"call": weather, "phrase": "weather in {town}", "filler": "One moment."}}}


async def test_a_phrase_has_a_tool_run_and_its_result_spoken() -> None:
    async with OneNode(LocalAgent, TOOLS) as node:
        node.give("turns", Turn(epoch=node.begin(), text="What's the weather in Paris?"))
        node.confirm()
        await node.settle()
        assert whole(node.sent("reply")) == "One moment. It is sunny in Paris."
        assert [event.kind for event in node.sent("events")] == [f"llm-function-call-{state}" for state in ("started", "in-progress", "stopped")]


async def test_without_its_phrase_no_tool_runs() -> None:
    async with OneNode(LocalAgent, TOOLS) as node:
        assert whole(await ask(node, "count to two")) == "1, 2."
        assert [event.kind for event in node.sent("events")] == ["skill"]


async def test_late_words_amend_the_turn_that_was_answered() -> None:
    async with OneNode(LocalAgent) as node:
        await ask(node, "count to two")
        node.drop("finished")
        node.give("playout", Heard(reply=1, text="1, 2.", samples=1, rate=8000, finished=True, why="finished"))
        node.give("amendments", Amend(reply=1, text="count to two, please"))
        await asyncio.sleep(0)
        assert node.session.remembered()["node"] == [{"caller": "count to two, please", "agent": "1, 2.", "cut": False}]


async def test_a_tool_with_effects_that_was_cut_off_is_remembered_though_nothing_was_heard() -> None:
    begun = asyncio.Event()

    async def order(drink: str) -> str:
        """Order a drink."""
        begun.set()
        await asyncio.Event().wait()
        return f"One {drink}."

    async with OneNode(LocalAgent, {"tools": {"order": {"call": order, "phrase": "order a {drink}"}}}) as node:
        node.give("turns", Turn(epoch=node.begin(), text="Order a coffee"))
        node.confirm()
        await begun.wait()
        node.drop()
        node.give("playout", Heard(reply=1, text="", samples=0, rate=8000, finished=False, why="interrupted"))
        await asyncio.sleep(0)
        (exchange,) = node.session.remembered()["node"]
    assert (exchange["caller"], exchange["agent"], exchange["cut"]) == ("Order a coffee", "", True)
    assert [(message["role"], message["content"]) for message in exchange["did"]] == [("assistant", ""), ("tool", CUT_OFF)]


def test_a_tool_adds_its_own_time_and_no_more_waiting() -> None:
    async def answered() -> float:
        async with OneNode(LocalAgent, TOOLS) as node:
            began = asyncio.get_running_loop().time()
            node.give("turns", Turn(epoch=node.begin(), text="What's the weather in Paris?"))
            node.confirm()
            await node.settle()
            return asyncio.get_running_loop().time() - began

    assert run_virtual(answered()) == pytest.approx(0.3)
