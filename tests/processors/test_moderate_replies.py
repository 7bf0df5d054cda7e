from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from voicegraph.core.sentences import SpokenClauses
from voicegraph.frames import Event, ReplyText
from voicegraph.processors.moderate_replies import ModerateReplies
from voicegraph.testing.mistral import Delays, MistralServer, Request, Script
from voicegraph.testing.runner import OneNode

SCRIPT = Script(scores=lambda text: {"sexual": 0.9 if "naked" in text else 0.1})


@asynccontextmanager
async def guarding(**options: Any) -> AsyncIterator[tuple[OneNode, MistralServer]]:
    async with MistralServer(SCRIPT, Delays(moderation=0.0)) as server:
        settings = {"api_key": "key", "base_url": server.url, "block": {"sexual": 0.5}, "say": "No.", **options}
        async with OneNode(ModerateReplies, settings) as node:
            yield node, server


async def reply(node: OneNode, *pieces: str, **more: Any) -> list[ReplyText]:
    """The reply in these pieces; what was let through of it."""
    epoch, at = node.begin(), 0
    for piece in pieces:
        node.give("reply", ReplyText(epoch=epoch, text=piece, at=at, **more))
        at += len(piece)
    node.give("reply", ReplyText(epoch=epoch, text="", at=at, last=True, **more))
    await node.settle()
    return [frame for frame in node.sent("reply") if frame.epoch == epoch]


def said(frames: list[ReplyText]) -> str:
    """The text, whose pieces must follow each other and end once."""
    at = 0
    for frame in frames:
        assert frame.at == at
        at += len(frame.text)
    assert [frame.last for frame in frames] == [False] * (len(frames) - 1) + [True]
    return "".join(frame.text for frame in frames)


@pytest.mark.parametrize("size", [1, 3, 7, 200])
async def test_a_harmless_reply_goes_through_unchanged(size: int) -> None:
    text = "Yes. It is warm today, and it will stay so. Take no coat."
    async with guarding() as (node, server):
        frames = await reply(node, *(text[i : i + size] for i in range(0, len(text), size)))
        checked = [request.body["input"][0]["content"].strip() for request in server.log.of(Request)]
    assert said(frames) == text
    assert checked == ["Yes.", "Yes. It is warm today, and it will stay so.", text]


@pytest.mark.parametrize("size", [1, 3, 7, 200])
async def test_what_was_checked_is_spoken_without_waiting_for_the_next_check(size: int) -> None:
    text = "Yes. It is warm today, and it will stay so. Take no coat."
    async with guarding() as (node, _):
        frames = await reply(node, *(text[i : i + size] for i in range(0, len(text), size)))
    voice, spans = SpokenClauses(), []
    for frame in frames:
        found = voice.feed(frame.text, frame.at, frame.spoken, frame.flush)
        spans += found
        assert bool(found) == frame.flush, "a voice has all of it"
    assert [span.text for span in spans] == ["Yes. ", "It is warm today, and it will stay so. ", "Take no coat."]


async def test_each_sentence_is_judged_with_what_stands_before_it() -> None:
    async with guarding(block={"sexual": 0.5}) as (node, server):
        await reply(node, "He is na", "ked. Really. ")
        message = server.log.of(Request)[0].body["input"][0]
    assert (message["role"], message["content"]) == ("assistant", "He is naked. ")


async def test_from_a_blocked_sentence_on_another_takes_the_place_of_the_rest() -> None:
    async with guarding() as (node, _):
        frames = await reply(node, "Here it comes. ", "He was ", "naked, he was. ", "He really was.")
        assert said(frames) == "Here it comes. No."
        assert node.sent("events") == [Event(epoch=1, kind="moderation", data={"side": "reply", "blocked": ("sexual",)})]


async def test_text_for_the_screen_is_checked_too() -> None:
    async with guarding() as (node, _):
        frames = await reply(node, "All naked.", spoken=False)
        assert (said(frames), frames[0].spoken) == ("No.", False)


async def test_the_next_reply_begins_afresh() -> None:
    async with guarding() as (node, _):
        await reply(node, "All naked.")
        node.drop()
        assert said(await reply(node, "All dressed.")) == "All dressed."


async def test_a_reply_without_words_is_not_checked() -> None:
    async with guarding() as (node, server):
        assert said(await reply(node, " … ")) == " … "
        assert not server.log.of(Request)
