from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from voicegraph.frames import ReplyText, Turn
from voicegraph.graph.settings import WRITTEN
from voicegraph.processors.translator import Translator, TranslatorSettings
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Request, Script
from voicegraph.testing.runner import OneNode


@asynccontextmanager
async def interpreting(**options: Any) -> AsyncIterator[tuple[OneNode, MistralServer]]:
    async with MistralServer(Script(replies=["Bonjour tout le monde."]), Delays(first_token=0.0, per_token=0.0)) as server:
        settings = {"api_key": "key", "base_url": server.url, "into": {"en": "fr", "fr": "en"}, **options}
        async with OneNode(Translator, settings) as node:
            yield node, server


async def turn(node: OneNode, text: str, **more: Any) -> list[ReplyText]:
    node.give("turns", Turn(epoch=node.begin(), text=text, **more))
    await node.settle()
    frames: list[ReplyText] = node.sent("reply")
    return frames


async def test_what_is_said_is_translated_and_marked_with_its_language() -> None:
    async with interpreting(instructions="Be formal.") as (node, server):
        frames = await turn(node, "Hello everybody.", language="en")
        system, user = server.log.of(Request)[0].body["messages"]
    assert "".join(frame.text for frame in frames) == "Bonjour tout le monde."
    assert {frame.language for frame in frames} == {"fr"}
    assert frames[-1].last
    assert "into French" in system["content"]
    assert system["content"].endswith("Be formal.")
    assert user["content"] == "Hello everybody."


@pytest.mark.parametrize(("spoken", "into"), [("fr", "English"), ("en", "French"), ("de", "French"), (None, "French")])
async def test_the_language_that_was_recognised_decides(spoken: str | None, into: str) -> None:
    async with interpreting() as (node, server):
        await turn(node, "…", language=spoken)
        assert f"into {into}" in server.log.of(Request)[0].body["messages"][0]["content"]


async def test_a_translation_that_is_lost_is_gone_on_with() -> None:
    async with interpreting() as (node, server):
        server.set_faults(Faults(first=1, drop_after=0))
        assert "".join(frame.text for frame in await turn(node, "Hello everybody.")) == "Bonjour tout le monde."
        node.drop()
        server.set_faults(Faults(first=1, close_after=2))
        frames = await turn(node, "Hello everybody.")
        assert "".join(frame.text for frame in frames if frame.epoch == 2) == "Bonjour tout le monde."
        assert server.log.of(Request)[-1].body["messages"][-1] == {"role": "assistant", "content": "Bonjour", "prefix": True}


async def test_a_turn_does_not_know_of_the_one_before() -> None:
    async with interpreting() as (node, server):
        await turn(node, "One.", language="en")
        node.drop()
        await turn(node, "Two.", language="en")
        assert len(server.log.of(Request)[1].body["messages"]) == 2


async def test_what_the_graph_says_itself_is_said_as_it_is() -> None:
    async with interpreting() as (node, server):
        frames = await turn(node, "", why="greeting", say="Welcome.")
        assert frames == [ReplyText(epoch=1, text="Welcome.", at=0, last=True, language="fr")]
        assert not server.log.of(Request)


@pytest.mark.parametrize("into", [{}, {"english": "fr"}, {"en": "French"}])
def test_languages_are_codes(into: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TranslatorSettings.model_validate({"into": into}, context=WRITTEN)
