"""Tools in the middle of an answer, with the real client of Mistral's and a loopback server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.conftest import Until
from voicegraph.frames import Heard, Turn
from voicegraph.processors._chat_agent import ROUNDS
from voicegraph.processors.mistral_agent import MistralAgent
from voicegraph.testing.mistral import Closed, Delays, Faults, MistralServer, Opened, Request, Script
from voicegraph.testing.runner import OneNode

Calls = Sequence[tuple[str, Mapping[str, Any]]]
QUICK = Delays(first_token=0.0, per_token=0.0)
PARIS: Calls = [("weather", {"town": "Paris"})]
BOOKING: Calls = [("book", {"people": 2})]


class Town:
    """The tools of these tests, and what was done with them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.together = 0
        self._running = 0

    async def weather(self, town: str) -> str:
        """What the weather is like."""
        return await self._do(f"Sunny in {town}.")

    async def book(self, people: int) -> str:
        """Book a table."""
        return await self._do(f"Booked for {people}.")

    async def _do(self, done: str) -> str:
        self.done.append(done)
        self._running += 1
        self.together = max(self.together, self._running)
        self.begun.set()
        await self.go_on.wait()
        self._running -= 1
        return done


def once(calls: Calls) -> Callable[[list[dict[str, Any]]], Calls]:
    """These calls, until the last message is a tool's."""
    return lambda messages: () if messages[-1]["role"] == "tool" else calls


@asynccontextmanager
async def agent(
    calls: Callable[[list[dict[str, Any]]], Calls], filler: Any = "", delays: Delays = QUICK
) -> AsyncIterator[tuple[OneNode, MistralServer, Town]]:
    town = Town()
    tools = {"weather": {"call": town.weather, "effects": False, "filler": filler}, "book": {"call": town.book}}
    async with MistralServer(Script(replies=["All is well."], calls=calls), delays) as server:
        settings = {"api_key": "key", "base_url": server.url, "instructions": "", "tools": tools}
        async with OneNode(MistralAgent, settings) as node:
            yield node, server, town


async def ask(node: OneNode, text: str = "Well?", confirm: bool = True, **more: Any) -> str:
    """One turn, answered; what was said."""
    before = len(node.sent("reply"))
    epoch = node.begin()
    if confirm:
        node.confirm()
    node.give("turns", Turn(epoch=epoch, text=text, **more))
    await node.settle()
    return "".join(frame.text for frame in node.sent("reply")[before:])


def told(node: OneNode) -> list[tuple[str, dict[str, Any]]]:
    """The events of tools."""
    return [(event.kind.removeprefix("llm-function-call-"), dict(event.data)) for event in node.sent("events") if "function-call" in event.kind]


def messages(server: MistralServer) -> list[dict[str, Any]]:
    """Those of the last request."""
    found: list[dict[str, Any]] = server.log.of(Request)[-1].body["messages"]
    return found


def roles(server: MistralServer) -> list[str]:
    return [message["role"] for message in messages(server)]


async def test_the_model_gets_what_came_of_its_call_and_answers() -> None:
    async with agent(once(PARIS)) as (node, server, _):
        assert await ask(node) == "All is well."
        assert [tool["function"]["name"] for tool in server.log.of(Request)[0].body["tools"]] == ["weather", "book"]
        assert roles(server) == ["user", "assistant", "tool"]
        assert messages(server)[2]["content"] == "Sunny in Paris."
        assert messages(server)[2]["tool_call_id"] == messages(server)[1]["tool_calls"][0]["id"]


async def test_calls_and_results_are_told() -> None:
    async with agent(once(PARIS)) as (node, _, _):
        await ask(node)
        (_, begun), (_, running), (_, over) = events = told(node)
    assert [state for state, _ in events] == ["started", "in-progress", "stopped"]
    assert begun == {"function_name": "weather"}
    assert running["arguments"] == {"town": "Paris"}
    assert over == {"function_name": "weather", "tool_call_id": running["tool_call_id"], "cancelled": False, "result": "Sunny in Paris."}


async def test_several_calls_run_side_by_side() -> None:
    async with agent(once([("weather", {"town": town}) for town in ("Paris", "Rome", "Bonn")])) as (node, server, town):
        town.go_on.clear()
        asking = asyncio.create_task(ask(node))
        async with asyncio.timeout(5):
            while town.together < 3:  # noqa: ASYNC110  # until all three have begun
                await asyncio.sleep(0)
        town.go_on.set()
        assert await asking == "All is well."
    assert [message["content"] for message in messages(server) if message["role"] == "tool"] == [
        "Sunny in Paris.",
        "Sunny in Rome.",
        "Sunny in Bonn.",
    ]


async def test_the_wait_is_bridged_once_and_only_when_nothing_was_said() -> None:
    async with agent(once([*PARIS, *PARIS]), filler={"en": "One moment.", "fr": "Un instant."}) as (node, server, _):
        assert await ask(node, language="fr") == "Un instant. All is well."
        assert "Un instant" not in str(messages(server))


async def test_a_tool_with_effects_waits_until_the_turn_is_certain(until: Until) -> None:
    async with agent(once([*PARIS, *BOOKING])) as (node, _, town):
        node.give("turns", Turn(epoch=node.begin(), text="Book"))
        await until(lambda: bool(town.done))
        assert town.done == ["Sunny in Paris."]
        node.confirm()
        await node.settle()
        assert town.done == ["Sunny in Paris.", "Booked for 2."]


async def test_a_speculation_that_is_thrown_away_has_done_nothing(until: Until) -> None:
    async with agent(once(BOOKING)) as (node, server, town):
        node.give("turns", Turn(epoch=node.begin(), text="Book"))
        await server.wait_for(Closed)
        await asyncio.sleep(0)
        node.drop("resumed")
        await ask(node, "Book a table")
        assert town.done == ["Booked for 2."]
        assert messages(server)[0]["content"] == "Book a table"


async def test_the_same_call_with_effects_is_made_once_in_an_answer() -> None:
    def insisting(messages: list[dict[str, Any]]) -> Calls:
        return [*BOOKING, *BOOKING] if sum(message["role"] == "tool" for message in messages) < 4 else ()

    async with agent(insisting) as (node, server, town):
        assert await ask(node) == "All is well."
        assert town.done == ["Booked for 2."]
        assert {message["content"] for message in messages(server) if message["role"] == "tool"} == {"Booked for 2."}


async def test_a_tool_with_effects_is_used_once_whichever_stream_is_lost() -> None:
    def at_first(messages: list[dict[str, Any]]) -> Calls:
        return () if any(message["role"] == "tool" for message in messages) else BOOKING

    async with agent(at_first, delays=Delays(first_token=0.0, per_token=0.01)) as (node, server, town):
        server.set_faults(Faults(first=1, drop_after=1))  # before the model has said what it wants
        town.go_on.clear()
        asking = asyncio.create_task(ask(node, "Book a table"))
        async with asyncio.timeout(5):
            await town.begun.wait()
        server.set_faults(Faults(first=1, drop_after=2))  # in the middle of what it says of it
        town.go_on.set()
        assert await asking == "All is well."
        assert town.done == ["Booked for 2."]
        assert len(server.log.of(Request)) == 4


async def test_a_tool_is_used_though_the_connection_is_lost_after_the_model_has_finished() -> None:
    async with agent(once(BOOKING)) as (node, server, town):
        server.set_faults(Faults(first=1, drop_after=2))
        assert await ask(node, "Book a table") == "All is well."
        assert town.done == ["Booked for 2."]


async def test_a_model_that_only_calls_is_made_to_answer() -> None:
    async with agent(lambda _: PARIS) as (node, server, town):
        assert await ask(node) == "All is well."
        assert len(town.done) == ROUNDS
        assert server.log.of(Request)[-1].body["tool_choice"] == "none"


async def test_an_interruption_cancels_the_tool_and_the_page_learns_of_it(until: Until) -> None:
    async with agent(once(PARIS)) as (node, server, town):
        town.go_on.clear()
        node.give("turns", Turn(epoch=node.begin(), text="Weather?"))
        node.confirm()
        await town.begun.wait()
        node.session.replies.drop("interrupted")
        await until(lambda: told(node)[-1][0] == "stopped")
        assert told(node)[-1][1]["cancelled"]
        assert len(server.log.of(Request)) == 1


async def test_what_was_begun_is_remembered_though_nothing_was_heard() -> None:
    async with agent(once(BOOKING)) as (node, server, town):
        town.go_on.clear()
        node.give("turns", Turn(epoch=node.begin(), text="Book a table"))
        node.confirm()
        await town.begun.wait()
        node.drop()
        node.give("playout", Heard(reply=1, text="", samples=0, rate=24000, finished=False, why="interrupted"))
        await asyncio.sleep(0)
        server.script = Script(replies=["It is booked."])
        assert await ask(node, "Did you?", interrupted=True) == "It is booked."
        assert roles(server) == ["user", "assistant", "tool", "assistant", "user"]
        assert "not known" in messages(server)[2]["content"]
        assert "I heard nothing of it" in messages(server)[4]["content"]


async def test_what_was_only_looked_up_is_forgotten_when_nothing_was_heard() -> None:
    async with agent(once(PARIS)) as (node, server, _):
        await ask(node)
        node.drop()
        node.give("playout", Heard(reply=1, text="", samples=0, rate=24000, finished=False, why="interrupted"))
        await asyncio.sleep(0)
        server.script = Script()
        await ask(node, "Hello?")
        assert roles(server) == ["user"]


async def test_calls_and_results_are_part_of_the_history() -> None:
    async with agent(once(PARIS)) as (node, server, _):
        await ask(node)
        node.drop("finished")
        node.give("playout", Heard(reply=1, text="All is well.", samples=9000, rate=24000, finished=True, why=""))
        await asyncio.sleep(0)
        server.script = Script()
        await ask(node, "Thanks")
        assert roles(server) == ["user", "assistant", "tool", "assistant", "user"]
        assert messages(server)[3]["content"] == "All is well."


@pytest.mark.parametrize("calls", [[("gone", {})], [("weather", {"city": 1})]])
async def test_a_call_that_makes_no_sense_is_answered_to_the_model(calls: Calls) -> None:
    async with agent(once(calls)) as (node, server, town):
        assert await ask(node) == "All is well."
        assert messages(server)[2]["content"].startswith(("There is no tool 'gone'", "Failed. Wrong arguments: town is missing"))
        assert town.done == []


async def test_an_interruption_closes_the_stream_of_a_later_round(until: Until) -> None:
    async with agent(once(PARIS), delays=Delays(first_token=0.0, per_token=10.0)) as (node, server, _):
        node.give("turns", Turn(epoch=node.begin(), text="Weather?"))
        await server.wait_for(Opened, count=2)
        await until(lambda: bool(node.sent("reply")))
        node.drop()
        closed = await server.wait_for(Closed, count=2)
    assert (closed.by, closed.finished) == ("client", False)
