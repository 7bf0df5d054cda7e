"""The page hears of everything, and of no reply before it is certain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from voicegraph.frames import Amend, Event, Heard, Playing, Progress, ReplyText, TurnCue, Words
from voicegraph.processors.page import Page
from voicegraph.testing.runner import OneNode


@pytest.fixture
async def node() -> AsyncIterator[OneNode]:
    async with OneNode(Page) as node:
        yield node


def told(node: OneNode) -> list[tuple[str, Any]]:
    return [(message["type"], message.get("data")) for message in node.line.told]


def types(node: OneNode) -> list[str]:
    return [type for type, _ in told(node)]


async def test_words_are_shown_as_they_come(node: OneNode) -> None:
    node.give("words", Words(segment=0, text="What", final=False), Words(segment=0, text="What is it?", final=True))
    assert [(data["text"], data["final"]) for _, data in told(node)] == [("What", False), ("What is it?", True)]


async def test_turn_cues_are_server_messages(node: OneNode) -> None:
    node.give("words", TurnCue(segment=2, cue="eager", t=1.0))
    assert told(node) == [("server-message", {"t": "turn-cue", "d": {"cue": "eager", "segment": 2}})]


async def test_a_speculative_reply_is_shown_when_it_is_confirmed(node: OneNode) -> None:
    epoch = node.begin()
    node.give("reply", ReplyText(epoch=epoch, text="It is sunny.", at=0, last=True))
    assert not node.line.told
    node.confirm()
    assert types(node) == ["bot-llm-started", "bot-llm-text", "bot-output", "bot-llm-stopped"]


async def test_a_discarded_reply_is_never_shown(node: OneNode) -> None:
    epoch = node.begin()
    node.give("reply", ReplyText(epoch=epoch, text="It is sunny.", at=0, last=True))
    node.drop()
    assert not node.line.told


async def test_a_reply_is_followed_to_what_was_heard_of_it(node: OneNode) -> None:
    epoch = node.begin()
    node.confirm()
    node.give("reply", ReplyText(epoch=epoch, text="It is sunny.", at=0, last=True))
    node.give(
        "playout",
        Playing(reply=epoch, on=True),
        Progress(reply=epoch, text="It is"),
        Heard(reply=epoch, text="It is", samples=480, rate=48000, finished=False, why="interrupted"),
    )
    assert types(node)[4:] == [
        "bot-tts-started",
        "bot-started-speaking",
        "bot-tts-text",
        "bot-output",
        "bot-tts-stopped",
        "bot-stopped-speaking",
        "server-message",
    ]
    assert told(node)[-1][1]["d"] == {"reply": epoch, "heard": "It is", "why": "interrupted"}


async def test_late_words_of_an_answered_turn_amend_it(node: OneNode) -> None:
    node.give("amendments", Amend(reply=1, text="What is it, then?"))
    assert told(node) == [("server-message", {"t": "user-amended", "d": {"reply": 1, "text": "What is it, then?"}})]


async def test_events_go_through(node: OneNode) -> None:
    node.give("events", Event(kind="user-started-speaking"), Event(kind="floor", data={"state": "listening"}))
    assert told(node) == [("user-started-speaking", {}), ("server-message", {"t": "floor", "d": {"state": "listening"}})]


async def test_events_of_a_speculative_reply_wait_with_it(node: OneNode) -> None:
    epoch = node.begin()
    node.give("events", Event(epoch=epoch, kind="metrics"), Event(kind="floor"))
    assert types(node) == ["server-message"]
    node.confirm()
    assert types(node) == ["server-message", "metrics"]


async def test_it_needs_no_input_at_all() -> None:
    async with OneNode(Page, unlinked=["words", "reply", "playout", "amendments", "events"]) as node:
        assert node.failure is None
