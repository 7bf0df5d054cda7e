from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import Until
from voicegraph.frames import Amend, Event, Turn
from voicegraph.graph.settings import WRITTEN
from voicegraph.mistral.moderation import ModerationSettings
from voicegraph.processors.moderate_turns import ModerateTurns
from voicegraph.testing.mistral import Delays, FaultPlan, Faults, MistralServer, Request, Script
from voicegraph.testing.runner import OneNode

SCRIPT = Script(scores=lambda text: {"pii": 0.9 if "secret" in text else 0.1})


@asynccontextmanager
async def guarding(faults: FaultPlan = Faults(), moderation: float = 0.0, **options: Any) -> AsyncIterator[tuple[OneNode, MistralServer]]:  # noqa: B008
    async with MistralServer(SCRIPT, Delays(moderation=moderation), faults) as server:
        settings = {"api_key": "key", "base_url": server.url, "block": {"pii": 0.8}, "say": "No.", **options}
        async with OneNode(ModerateTurns, settings) as node:
            yield node, server


async def passed(node: OneNode, text: str, **more: Any) -> Turn:
    node.give("turns", Turn(epoch=node.begin(), text=text, **more))
    await node.settle()
    turn: Turn = node.sent("turns")[-1]
    return turn


async def test_a_harmless_turn_goes_on_as_it_is() -> None:
    async with guarding() as (node, server):
        assert await passed(node, "Hello?", language="fr") == Turn(epoch=1, text="Hello?", language="fr")
        body = server.log.of(Request)[-1].body
    assert body == {"model": "mistral-moderation-2603", "input": [{"role": "user", "content": "Hello?"}]}


async def test_a_blocked_turn_goes_on_without_its_words() -> None:
    async with guarding() as (node, _):
        assert await passed(node, "My secret is") == Turn(epoch=1, text="", say="No.")
        assert node.sent("events") == [Event(epoch=1, kind="moderation", data={"side": "caller", "blocked": ("pii",)})]


async def test_what_the_graph_says_itself_is_not_checked() -> None:
    async with guarding() as (node, server):
        await passed(node, "", why="greeting", say="My secret greeting.")
        assert not server.log.of(Request)


async def test_late_words_that_are_blocked_do_not_reach_the_history(until: Until) -> None:
    async with guarding() as (node, _):
        node.give("amendments", Amend(reply=1, text="my secret"), Amend(reply=1, text="my hat"))
        await until(lambda: bool(node.sent("amendments")))
        assert node.sent("amendments") == [Amend(reply=1, text="my hat")]


@pytest.mark.parametrize("faults", [Faults(status=500), Faults(stall_after=0), Faults(close_after=0), Faults(drop_after=0)])
async def test_what_could_not_be_checked_is_blocked(faults: Faults, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with guarding(faults, limit="200ms") as (node, _):
            assert (await passed(node, "Hello, this is private")).say == "No."
            assert node.sent("events")[0].data["blocked"] == ("unchecked",)
    assert "'node' could not check what was said: " in caplog.text
    assert "private" not in caplog.text


async def test_it_passes_where_the_graph_says_so() -> None:
    async with guarding(Faults(status=500), unchecked="pass", limit="200ms") as (node, _):
        assert (await passed(node, "Hello?")).text == "Hello?"


async def test_a_reply_that_is_dropped_meanwhile_is_not_answered(until: Until) -> None:
    async with guarding(moderation=5.0) as (node, server):
        node.give("turns", Turn(epoch=node.begin(), text="Hello?"))
        await server.wait_for(Request)
        node.drop()
        await node.settle()
        assert node.sent("turns") == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"block": {}},
        {"block": {"piracy": 0.5}},
        {"block": {"pii": 1.5}},
        {"block": {"pii": 0.5}, "limit": "0s"},
        {"block": {"pii": 0.5}, "unchecked": "maybe"},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModerationSettings.model_validate(options, context=WRITTEN)
