import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.conftest import Until
from voicegraph.core.retrying import PAUSES
from voicegraph.frames import Amend, Heard, ReplyText, Turn
from voicegraph.processors.mistral_agent import MistralAgent
from voicegraph.testing.mistral import Closed, Delays, FaultPlan, Faults, MistralServer, Opened, Request, Script
from voicegraph.testing.runner import OneNode

QUICK = Delays(first_token=0.0, per_token=0.0)
PACED = Delays(first_token=0.0, per_token=0.01)
"""What was sent has arrived before the next piece, or before the connection is reset."""
SCRIPT = Script(replies=["Hello! I am here.", "Certainly, my friend."])


@asynccontextmanager
async def answering(
    faults: FaultPlan = Faults(),  # noqa: B008
    delays: Delays = QUICK,
    memory: Sequence[Any] = (),
    **options: Any,
) -> AsyncIterator[tuple[OneNode, MistralServer]]:
    async with MistralServer(SCRIPT, delays, faults) as server:
        settings = {"api_key": "key", "base_url": server.url, "instructions": "Be kind.", **options}
        async with OneNode(MistralAgent, settings, memory=memory) as node:
            yield node, server


async def turn(node: OneNode, text: str, **more: Any) -> list[ReplyText]:
    """One turn, answered; the frames of its reply."""
    before = len(node.sent("reply"))
    node.give("turns", Turn(epoch=node.begin(), text=text, **more))
    await node.settle()
    frames: list[ReplyText] = node.sent("reply")[before:]
    return frames


async def heard(node: OneNode, reply: int, text: str, finished: bool = True, samples: int = 24000) -> None:
    """The reply is over, and that much of it was heard."""
    node.drop("finished" if finished else "interrupted")
    node.give("playout", Heard(reply=reply, text=text, samples=samples, rate=24000, finished=finished, why=""))
    await asyncio.sleep(0)


def asked(server: MistralServer) -> list[tuple[str, str]]:
    """The messages of the last request."""
    return [(message["role"], message["content"]) for message in server.log.of(Request)[-1].body["messages"]]


async def test_an_answer_comes_in_pieces_at_their_places() -> None:
    async with answering() as (node, _):
        frames = await turn(node, "Hello?")
    assert "".join(frame.text for frame in frames) == "Hello! I am here."
    assert len(frames) > 2
    offset = 0
    for frame in frames:
        assert frame.at == offset
        offset += len(frame.text)
    assert [frame.last for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert {frame.epoch for frame in frames} == {1}


async def test_the_model_is_asked_as_the_options_say() -> None:
    async with answering(model="mistral-large-latest", temperature=0.3, max_tokens=99) as (node, server):
        await turn(node, "Hello?")
        body = server.log.of(Request)[-1].body
    assert (body["model"], body["temperature"], body["max_tokens"], body["stream"]) == ("mistral-large-latest", 0.3, 99, True)
    assert asked(server) == [("system", "Be kind."), ("user", "Hello?")]


async def test_what_was_heard_is_remembered() -> None:
    async with answering() as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello! I am here.")
        await turn(node, "Help me.")
    assert asked(server)[1:] == [("user", "Hello?"), ("assistant", "Hello! I am here."), ("user", "Help me.")]


async def test_an_interrupted_answer_is_remembered_as_far_as_it_was_heard() -> None:
    async with answering() as (node, server):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello! I", finished=False)
        await turn(node, "Wait.", interrupted=True)
    assert asked(server)[2] == ("assistant", "Hello! I")
    assert asked(server)[3] == ("user", "(You were interrupted: I heard nothing after “Hello! I”.) Wait.")


async def test_a_discarded_attempt_leaves_no_trace() -> None:
    async with answering() as (node, server):
        await turn(node, "Hello")
        node.drop("resumed")
        await turn(node, "Hello there")
    assert asked(server)[1:] == [("user", "Hello there")]


async def test_late_words_amend_the_turn_that_was_answered() -> None:
    async with answering() as (node, server):
        await turn(node, "Book a table for")
        node.give("amendments", Amend(reply=1, text="Book a table for two"))
        await heard(node, 1, "Certainly.")
        await turn(node, "Thanks")
    assert asked(server)[1] == ("user", "Book a table for two")


async def test_words_to_say_are_said_without_asking_the_model() -> None:
    async with answering() as (node, server):
        frames = await turn(node, "", why="greeting", say="Welcome!")
        assert [(frame.text, frame.at, frame.last) for frame in frames] == [("Welcome!", 0, True)]
        assert not server.log.of(Request)


async def test_an_answer_for_the_screen_is_remembered_whole() -> None:
    async with answering() as (node, server):
        frames = await turn(node, "Hello?", why="typed", audible=False)
        assert not any(frame.spoken for frame in frames)
        await heard(node, 1, "Hello! I am here.", samples=0)
        await turn(node, "Help me.")
    assert asked(server)[2] == ("assistant", "Hello! I am here.")


async def test_a_dropped_reply_closes_its_stream(until: Until) -> None:
    async with answering(delays=Delays(first_token=0.0, per_token=10.0)) as (node, server):
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        await server.wait_for(Opened)
        await until(lambda: bool(node.sent("reply")))
        node.drop()
        closed = await server.wait_for(Closed)
    assert (closed.by, closed.finished) == ("client", False)


async def test_a_refused_key_fails_the_reply_in_plain_words() -> None:
    async with answering(Faults(status=401)) as (node, _):
        await turn(node, "Hello?")
        assert "refused the key" in await node.session.wait()


async def test_a_server_error_is_tried_again() -> None:
    async with answering({"chat": Faults(status=503, first=1)}) as (node, server):
        frames = await turn(node, "Hello?")
        assert "".join(frame.text for frame in frames) == "Hello! I am here."
        assert len(server.log.of(Request)) == 2


@pytest.mark.parametrize(
    "faults", [Faults(first=1, drop_after=0), Faults(first=2, drop_after=1), Faults(first=1, close_after=0), Faults(first=2, close_after=1)]
)
async def test_an_answer_that_is_lost_before_its_first_words_is_asked_for_again(faults: Faults) -> None:
    async with answering(faults) as (node, server):
        server.script = Script(replies=["Hello! I am here."])
        assert "".join(frame.text for frame in await turn(node, "Hello?")) == "Hello! I am here."
        assert faults.first is not None
        assert [request.body for request in server.log.of(Request)] == [server.log.of(Request)[0].body] * (faults.first + 1)


@pytest.mark.parametrize("faults", [Faults(first=1, drop_after=3), Faults(first=1, close_after=3)])
async def test_an_answer_that_is_lost_in_the_middle_is_gone_on_with_and_nothing_is_said_twice(faults: Faults) -> None:
    async with answering(faults, PACED) as (node, server):
        server.script = Script(replies=["Hello! I am here."])  # repeats what it is given, as chat completions do
        frames = await turn(node, "Hello?")
        assert "".join(frame.text for frame in frames) == "Hello! I am here."
        assert [frame.at for frame in frames] == [0, 6, 8, 11, 17]
        assert server.log.of(Request)[1].body["messages"][1:] == [
            {"role": "user", "content": "Hello?"},
            {"role": "assistant", "content": "Hello! I", "prefix": True},
        ]


async def test_an_answer_that_goes_on_with_anothers_is_gone_on_with_too() -> None:
    async with answering(Faults(first=1, drop_after=2), PACED) as (node, server):
        server.script = Script(replies=["Hello! I am here."])
        assert "".join(frame.text for frame in await turn(node, "Hello?", begun="Hello! I")) == "Hello! I am here."
        assert server.log.of(Request)[1].body["messages"][1:] == server.log.of(Request)[0].body["messages"][1:]


async def test_a_model_whose_answers_are_always_lost_fails_the_reply() -> None:
    async with answering(Faults(drop_after=0)) as (node, server):
        await turn(node, "Hello?")
        assert await node.session.wait() == "The connection to Mistral was lost."
        assert len(server.log.of(Request)) == len(PAUSES) + 1


async def test_trying_again_takes_no_longer_than_the_first_word_may() -> None:
    async with answering(Faults(drop_after=0), first_token="50ms") as (node, server):
        await turn(node, "Hello?")
        assert await node.session.wait() == "Mistral did not answer in time."
        assert len(server.log.of(Request)) == 1


async def test_a_model_that_stays_silent_fails_the_reply() -> None:
    async with answering(Faults(stall_after=0), first_token="50ms") as (node, _):
        await turn(node, "Hello?")
        assert await node.session.wait() == "Mistral did not answer in time."


async def test_a_model_that_falls_silent_fails_the_reply() -> None:
    async with answering(Faults(stall_after=2), first_token="50ms") as (node, _):
        assert not any(frame.last for frame in await turn(node, "Hello?"))
        assert await node.session.wait() == "Mistral did not answer in time."


async def test_an_answer_that_breaks_off_fails_the_reply() -> None:
    async with answering(Faults(error_after=2)) as (node, _):
        assert not any(frame.last for frame in await turn(node, "Hello?"))
        assert "reported an error" in await node.session.wait()


async def test_the_time_to_the_first_word_is_told() -> None:
    async with answering() as (node, _):
        await turn(node, "Hello?")
        (event,) = node.sent("events")
    assert event.kind == "metrics"
    assert event.data["ttfb"][0]["processor"] == "node"
    assert event.data["ttfb"][0]["value"] >= 0


async def test_what_was_heard_outlives_the_call() -> None:
    async with answering() as (node, _):
        await turn(node, "Hello?")
        await heard(node, 1, "Hello! I", finished=False)
        memory = node.session.remembered()["node"]
    async with answering(memory=memory) as (node, server):
        assert node.session.resumed == 1
        await turn(node, "Go on.")
        assert asked(server)[1:3] == [("user", "Hello?"), ("assistant", "Hello! I")]
        assert asked(server)[3][1].endswith("Go on.")
        node.give("amendments", Amend(reply=1, text="Of this call's first turn."))
        assert node.session.remembered()["node"] == memory


async def test_its_memory_is_as_long_as_its_history() -> None:
    memory = [{"caller": f"question {n}", "agent": "yes", "cut": False} for n in range(5)]
    async with answering(memory=memory, history=2) as (node, _):
        assert node.session.remembered()["node"] == memory[-2:]


@pytest.mark.parametrize("entry", ["Once upon a", {}, {"caller": 1, "agent": "", "cut": False}, {"caller": "", "agent": "", "cut": 0}, None])
async def test_it_does_not_take_up_what_is_no_exchange(entry: Any) -> None:
    async with answering(memory=[{"caller": "Hello", "agent": "Hi", "cut": False}, entry]) as (node, _):
        assert node.session.resumed == 0
        assert node.session.remembered() == {}
        assert node.failure is None


async def test_a_request_that_the_guardrails_stop_is_answered_with_the_refusal() -> None:
    script = Script(scores=lambda text: {"criminal": 0.9} if "rob" in text else {})
    async with MistralServer(script, QUICK) as server:
        settings = {"api_key": "key", "base_url": server.url, "guardrails": {"criminal": 0.5}, "refusal": "Not that."}
        async with OneNode(MistralAgent, settings) as node:
            frames = await turn(node, "How do I rob a bank?")
            node.drop()
            assert len(await turn(node, "How do I open an account?")) > 1
        guardrail = server.log.of(Request)[0].body["guardrails"][0]
    assert frames == [ReplyText(epoch=1, text="Not that.", at=0, last=True)]
    assert guardrail["block_on_error"]
    assert guardrail["moderation_llm_v2"].items() >= {"custom_category_thresholds": {"criminal": 0.5}, "ignore_other_categories": True}.items()


async def test_an_answer_that_another_agent_has_begun_is_gone_on_with_after_tools_too() -> None:
    async def book() -> str:
        """Book a table."""
        return "Booked."

    script = Script(replies=["It is booked."], calls=lambda messages: () if messages[-1]["role"] == "tool" else [("book", {})])
    async with MistralServer(script, QUICK) as server:
        settings = {"api_key": "key", "base_url": server.url, "instructions": "", "tools": {"book": {"call": book}}}
        async with OneNode(MistralAgent, settings) as node:
            epoch = node.begin()
            node.confirm()
            node.give("turns", Turn(epoch=epoch, text="Book a table.", begun="One moment. "))
            await node.settle()
            assert node.failure is None
        first, second = (request.body["messages"] for request in server.log.of(Request))
    assert first[-1] == {"role": "assistant", "content": "One moment. ", "prefix": True}
    assert [(message["role"], message.get("prefix")) for message in second] == [
        ("user", None),
        ("assistant", None),
        ("assistant", None),
        ("tool", None),
    ]


async def test_an_answer_that_another_agent_has_begun_is_gone_on_with() -> None:
    async with answering() as (node, server):
        await turn(node, "Hello?", begun="Hello! I")
        (request,) = server.log.of(Request)
        assert request.body["messages"][-2:] == [
            {"role": "user", "content": "Hello?"},
            {"role": "assistant", "content": "Hello! I", "prefix": True},
        ]
