"""The page hears of everything, and of no reply before it is certain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from voicegraph.frames import Amend, Event, Heard, Playing, PlayoutDelay, Progress, ReplyText, TurnCue, Words
from voicegraph.processors.page import Page
from voicegraph.testing.clock import run_virtual
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
    async with OneNode(Page, unlinked=["words", "reply", "playout", "amendments", "events", "commands"]) as node:
        assert node.failure is None


def spoken_on_a_delayed_line(*steps: tuple[float, Any]) -> list[tuple[float, str]]:
    """(when, type of message) for a reply of two words on a line that takes 0.3 s to the ears. steps: (when, fact of the playout)."""
    shown: list[tuple[float, str]] = []

    async def call() -> None:
        async with OneNode(Page) as node:
            begin, epoch = node.session.now(), node.begin()
            node.confirm()
            node.give("commands", PlayoutDelay(seconds=0.3))
            node.give("reply", ReplyText(epoch=epoch, text="It is.", at=0, last=True))
            node.line.told.clear()
            for at in range(0, 2000, 10):
                await asyncio.sleep(begin + at / 1000 - node.session.now())
                node.give("playout", *(fact for when, fact in steps if round(when * 1000) == at))
                shown.extend((at / 1000, message["type"]) for message in node.line.told)
                node.line.told.clear()

    run_virtual(call())
    return shown


def test_what_is_shown_as_heard_follows_the_ears() -> None:
    end = Heard(reply=1, text="It is.", samples=480, rate=48000, finished=True, why="finished")
    steps = ((0.1, Playing(reply=1, on=True)), (0.4, Progress(reply=1, text="It")), (0.8, Playing(reply=1, on=False)), (0.8, end))
    shown = spoken_on_a_delayed_line(*steps)
    assert [type for _, type in shown if type.startswith("bot-s")] == ["bot-started-speaking", "bot-stopped-speaking"]
    assert [round(at, 2) for at, type in shown if type == "bot-started-speaking"] == [0.4]
    assert [round(at, 2) for at, type in shown if type == "bot-tts-text"] == [0.7, 1.1]


def test_an_interruption_shows_at_once_with_all_that_left_before_it() -> None:
    cut = Heard(reply=1, text="It", samples=480, rate=48000, finished=False, why="interrupted")
    shown = spoken_on_a_delayed_line((0.1, Playing(reply=1, on=True)), (0.2, Progress(reply=1, text="It")), (0.3, cut))
    assert {round(at, 2) for at, _ in shown} == {0.3}
    assert [type for _, type in shown][-1] == "server-message"
    assert "bot-tts-text" in [type for _, type in shown]
