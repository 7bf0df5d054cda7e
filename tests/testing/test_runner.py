from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
from pydantic import BaseModel

from voicegraph.errors import CallFailed
from voicegraph.frames import CallerAudio, Pcm, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, Settings
from voicegraph.testing.runner import FakeLine, OneNode


class Options(Settings):
    pause: Duration = 0.0


class Slow(Processor):
    """Passes text on, later."""

    settings: Options
    words = In(ReplyText)
    sound = In(CallerAudio, optional=True)
    out = Out(ReplyText)

    async def on_words(self, text: ReplyText) -> None:
        await asyncio.sleep(self.settings.pause)
        self.out.send(replace(text, text=text.text.upper()))

    def on_sound(self, audio: CallerAudio) -> None:
        raise CallFailed("no sound, please")


def text(epoch: int) -> ReplyText:
    return ReplyText(epoch=epoch, text="hi", at=0)


async def test_it_gives_frames_and_keeps_what_is_sent() -> None:
    async with OneNode(Slow) as node:
        epoch = node.begin()
        node.give("words", text(epoch), text(epoch))
        await node.settle()
        assert [each.text for each in node.sent("out")] == ["HI", "HI"]


async def test_options_are_read_as_in_a_file() -> None:
    async with OneNode(Slow, {"pause": "1ms"}) as node:
        assert isinstance(node.processor.settings, BaseModel)
        assert node.processor.settings.model_dump()["pause"] == "1ms"


async def test_inputs_have_rates_and_may_be_left_without_a_source() -> None:
    async with OneNode(Slow, rates={"sound": 16000}) as node:
        assert getattr(node.processor, "sound").rate == 16000  # noqa: B009  # OneNode knows no class
    async with OneNode(Slow, unlinked=["sound"]) as node:
        assert not getattr(node.processor, "sound").linked  # noqa: B009


async def test_a_drop_settles_so_that_the_next_reply_can_begin() -> None:
    async with OneNode(Slow) as node:
        first = node.begin()
        node.confirm()
        node.drop()
        assert node.begin() == first + 1


async def test_what_an_ended_reply_was_making_is_not_sent() -> None:
    async with OneNode(Slow) as node:
        node.give("words", text(node.begin()))
        node.drop()
        await node.settle()
        assert node.sent("out") == []


async def test_a_node_that_fails_ends_its_call() -> None:
    async with OneNode(Slow, rates={"sound": 8000}) as node:
        node.give("sound", CallerAudio(pcm=np.zeros(1, np.int16), rate=8000, t=0.0))
        assert node.failure == "no sound, please"


async def test_a_node_that_does_not_fail_has_no_failure() -> None:
    async with OneNode(Slow) as node:
        node.give("words", text(node.begin()))
        await node.settle()
        assert node.failure is None


def test_a_fake_line_is_moved_by_hand() -> None:
    line = FakeLine()
    assert not line.pull(3).any()
    heard: list[float] = []
    messages: list[object] = []

    def hear(pcm: Pcm, t: float) -> None:
        heard.append(t)

    line.listen(8000, hear)
    line.obey(messages.append)
    line.play(8000, lambda n: np.ones(n, np.int16))
    line.tell({"type": "bot-ready"})
    line.hear(np.zeros(1, np.int16), 0.5)
    line.message({"type": "client-ready"})
    assert (heard, messages, line.told) == ([0.5], [{"type": "client-ready"}], [{"type": "bot-ready"}])
    assert line.pull(3).all()
