from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from voicegraph.frames import Amend, Heard, ReplyText, Turn
from voicegraph.processors.mistral_conversation import MistralConversation
from voicegraph.testing.mistral import Closed, Delays, FaultPlan, Faults, MistralServer, Opened, Request, Script
from voicegraph.testing.runner import OneNode

QUICK = Delays(first_token=0.0, per_token=0.0, search=0.0)
PACED = Delays(first_token=0.01, per_token=0.01, search=0.01)
"""What was sent has arrived before the next piece, or before the connection is reset."""
NO_FAULTS = Faults()
SCRIPT = Script(replies=["It rained in Lyon.", "It is dry now."], sources=[("https://weather.example", "Weather")])


@asynccontextmanager
async def answering(
    faults: FaultPlan = NO_FAULTS, delays: Delays = QUICK, script: Script = SCRIPT, memory: Sequence[Any] = (), **options: Any
) -> AsyncIterator[tuple[OneNode, MistralServer]]:
    async with MistralServer(script, delays, faults) as server:
        settings = {"api_key": "key", "base_url": server.url, "filler": "Wait.", **options}
        async with OneNode(MistralConversation, settings, memory=memory) as node:
            yield node, server


async def turn(node: OneNode, text: str, **more: Any) -> str:
    """One turn; the text of its reply."""
    epoch = node.begin()
    node.give("turns", Turn(epoch=epoch, text=text, **more))
    await node.settle()
    return "".join(frame.text for frame in node.sent("reply") if frame.epoch == epoch)


async def heard(node: OneNode, reply: int, text: str, finished: bool = True) -> None:
    node.drop("finished" if finished else "interrupted")
    node.give("playout", Heard(reply=reply, text=text, samples=24000, rate=24000, finished=finished, why=""))
    await asyncio.sleep(0)


def asked(server: MistralServer) -> list[dict[str, Any]]:
    return [request.body for request in server.log.of(Request)]


def said(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["role"], entry["content"]) for entry in body["inputs"]]


async def test_a_search_is_bridged_by_a_phrase_and_its_sources_are_shown() -> None:
    async with answering() as (node, server):
        assert await turn(node, "What about Lyon?") == "Wait. It rained in Lyon."
        (body,) = asked(server)
    assert (body["tools"], body["model"], body["stream"]) == ([{"type": "web_search"}], "mistral-medium-latest", True)
    assert [(event.kind, event.data) for event in node.sent("events")] == [
        ("tool", {"reply": 1, "name": "web_search"}),
        ("sources", {"reply": 1, "sources": [{"url": "https://weather.example", "title": "Weather"}]}),
    ]


async def test_without_a_search_there_is_no_phrase() -> None:
    async with answering(script=Script(replies=["Yes."])) as (node, _):
        assert await turn(node, "Hello?") == "Yes."


async def test_the_conversation_is_kept() -> None:
    async with answering() as (node, server):
        await turn(node, "What about Lyon?")
        await heard(node, 1, "Wait. It rained in Lyon.")
        await turn(node, "And now?")
        assert said(asked(server)[1]) == [("user", "And now?")]


async def test_after_an_interruption_it_goes_on_from_what_was_heard() -> None:
    async with answering() as (node, server):
        await turn(node, "What about Lyon?")
        await heard(node, 1, "Wait. It rained in Lyon.")
        await turn(node, "And now?")
        await heard(node, 2, "Wait. It is", finished=False)
        await turn(node, "In Paris, I mean.")
        body = asked(server)[2]
    assert said(body)[:2] == [("user", "And now?"), ("assistant", "Wait. It is")]
    assert said(body)[2][1].endswith("In Paris, I mean.")
    assert body["from_entry_id"] == "msg-0"


async def test_an_interrupted_answer_is_told_though_a_reminder_came_between() -> None:
    async with answering(script=Script(replies=["Hello.", "Your code is 4711.", "Anna."])) as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello.")
        await turn(node, "I am Anna. What is my code?")
        await heard(node, 2, "Your code", finished=False)
        await turn(node, "", why="reminder", say="Are you there?")
        await heard(node, 3, "Are you there?")
        await turn(node, "What is my name?")
        body = asked(server)[2]
    assert body["from_entry_id"] == "msg-0"
    assert [text for _, text in said(body)] == [
        "I am Anna. What is my code?",
        "Your code",
        "(Your answer broke off: I heard nothing after “Your code”.) (The caller says nothing.)",
        "Are you there?",
        "What is my name?",
    ]


async def test_what_was_said_without_asking_mistral_is_told_with_the_next_turn() -> None:
    async with answering(script=Script(replies=["Hello.", "Because."])) as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello.")
        await turn(node, "", say="I can't help with that.")
        await heard(node, 2, "I can't help with that.")
        await turn(node, "Why not?")
        body = asked(server)[1]
    assert "from_entry_id" not in body
    assert said(body)[1:] == [("assistant", "I can't help with that."), ("user", "Why not?")]


@pytest.mark.parametrize("when", ["while it is answered", "after it was heard"])
async def test_late_words_reach_mistral_too(when: str) -> None:
    late = Amend(reply=2, text="Book it for Tuesday, no, for Thursday.")
    async with answering(script=Script(replies=["Hello.", "Booked.", "Thursday."])) as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello.")
        await turn(node, "Book it for Tuesday.")
        if when == "while it is answered":
            node.give("amendments", late)
        await heard(node, 2, "Booked.")
        node.give("amendments", late)
        await turn(node, "For when is it?")
        body = asked(server)[2]
    assert body["from_entry_id"] == "msg-0"
    assert said(body) == [("user", "Book it for Tuesday, no, for Thursday."), ("assistant", "Booked."), ("user", "For when is it?")]


async def test_an_answer_that_was_said_in_other_words_is_not_gone_on_from() -> None:
    async with answering(script=Script(replies=["Hello.", "Something unsafe.", "Well."])) as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello.")
        await turn(node, "Tell me.")
        await heard(node, 2, "Let's talk about something else.")
        await turn(node, "And?")
        body = asked(server)[2]
    assert body["from_entry_id"] == "msg-0"
    assert said(body) == [("user", "Tell me."), ("assistant", "Let's talk about something else."), ("user", "And?")]


async def test_what_another_agents_tools_did_is_not_told() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": "{}"}}
    did = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": "book", "content": "Booked for two."},
    ]
    memory = [{"caller": "Book a table.", "agent": "It is booked.", "cut": False, "did": did}]
    async with answering(script=Script(replies=["At eight."]), memory=memory) as (node, server):
        assert await turn(node, "When?") == "At eight."
        assert said(asked(server)[0]) == [("user", "Book a table."), ("assistant", "It is booked."), ("user", "When?")]


async def test_a_conversation_that_mistral_has_forgotten_is_told_again() -> None:
    async with answering() as (node, server):
        await turn(node, "What about Lyon?")
        await heard(node, 1, "It rained in Lyon.")
        server.forget_conversations()
        assert (await turn(node, "And now?")).startswith("Wait. It ")
        assert said(asked(server)[-1]) == [("user", "What about Lyon?"), ("assistant", "It rained in Lyon."), ("user", "And now?")]


async def test_an_agent_of_ones_own_is_used_as_it_is() -> None:
    async with answering(agent_id="ag_1") as (node, server):
        await turn(node, "Hello?")
        body = asked(server)[0]
    assert body["agent_id"] == "ag_1"
    assert not {"model", "tools", "instructions"} & body.keys()


async def test_an_interruption_cancels_the_search() -> None:
    async with answering(delays=Delays(search=3600.0)) as (node, server):
        node.give("turns", Turn(epoch=node.begin(), text="What about Lyon?"))
        await server.wait_for(Opened)
        node.drop()
        closed = await server.wait_for(Closed)
    assert closed.by == "client"


@pytest.mark.parametrize("faults", [Faults(status=500), Faults(close_after=2), Faults(drop_after=2), Faults(stall_after=1), Faults(error_after=2)])
async def test_a_search_that_fails_is_told_in_a_sentence(faults: Faults) -> None:
    async with answering(faults, silence="300ms") as (node, _):
        await turn(node, "What about Lyon?")
        assert node.failure is not None
        assert "Mistral" in node.failure
        assert not any(frame.last for frame in node.sent("reply"))


@pytest.mark.parametrize("faults", [Faults(first=1, drop_after=2), Faults(first=1, close_after=2), Faults(first=2, drop_after=0)])
async def test_a_search_that_is_lost_is_asked_for_again_and_the_phrase_is_said_once(faults: Faults) -> None:
    async with answering(faults, PACED, script=Script(replies=["It rained in Lyon."], sources=SCRIPT.sources)) as (node, server):
        assert await turn(node, "What about Lyon?") == "Wait. It rained in Lyon."
        assert [said(body) for body in asked(server)] == [[("user", "What about Lyon?")]] * (1 + (faults.first or 0))


async def test_a_lost_answer_starts_again_from_what_is_true_at_mistral() -> None:
    async with answering(script=Script(replies=["It rained in Lyon.", "It is dry now."])) as (node, server):
        await turn(node, "What about Lyon?")
        await heard(node, 1, "It rained in Lyon.")
        server.set_faults(Faults(first=1, drop_after=1))
        await turn(node, "And now?")
        body = asked(server)[2]
    assert (said(body), body["from_entry_id"]) == ([("user", "And now?")], "msg-0")


async def test_the_phrase_is_said_once_though_mistral_forgets_the_conversation_meanwhile() -> None:
    async with answering(delays=PACED, script=Script(replies=["It rained."], sources=SCRIPT.sources)) as (node, server):
        await turn(node, "What about Lyon?")
        await heard(node, 1, "Wait. It rained.")
        server.set_faults(Faults(first=1, drop_after=2))
        asking = asyncio.create_task(turn(node, "And now?"))
        await server.wait_for(Closed, lambda closed: closed.stream == 1)
        server.forget_conversations()
        assert await asking == "Wait. It rained."
        assert len(asked(server)) == 4


async def test_an_answer_that_is_lost_later_fails_and_is_not_said_twice() -> None:
    async with answering(Faults(drop_after=4), PACED) as (node, server):
        assert (await turn(node, "What about Lyon?")).startswith("Wait. It")
        assert node.failure == "The connection to Mistral was lost."
        assert len(asked(server)) == 1


async def test_a_greeting_is_said_and_not_asked_for() -> None:
    async with answering() as (node, server):
        node.give("turns", Turn(epoch=node.begin(), text="", why="greeting", say="Hello!"))
        await node.settle()
        assert node.sent("reply") == [ReplyText(epoch=1, text="Hello!", at=0, last=True)]
        assert not asked(server)
