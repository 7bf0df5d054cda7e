from __future__ import annotations

import numpy as np

from voicegraph.frames import CallerAudio, Interrupt, Talk
from voicegraph.processors.clip import Clip
from voicegraph.testing.runner import OneNode


def give(node: OneNode, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        node.give("audio", CallerAudio(pcm=np.ones(320, np.int16), rate=16000, t=0.0))


async def test_between_two_presses_there_is_a_clip() -> None:
    async with OneNode(Clip, rates={"audio": 16000}) as node:
        give(node, 1.0)
        node.give("commands", Talk(on=True))
        give(node, 2.0)
        node.give("commands", Interrupt(), Talk(on=False), Talk(on=False))
        (clip,) = node.sent("clip")
        assert (clip.rate, round(clip.seconds, 2)) == (16000, 2.2)


async def test_a_slip_of_the_finger_is_told_and_gives_no_clip() -> None:
    async with OneNode(Clip, rates={"audio": 16000}) as node:
        give(node, 1.0)
        node.give("commands", Talk(on=True))
        give(node, 0.2)
        node.give("commands", Talk(on=False))
        assert node.sent("clip") == []
        assert "hold the button" in node.sent("events")[0].data["message"]


async def test_a_button_that_stays_pressed_ends_the_clip_at_its_longest() -> None:
    async with OneNode(Clip, {"longest": "1s", "pre_roll": "0s"}, rates={"audio": 16000}) as node:
        node.give("commands", Talk(on=True))
        give(node, 3.0)
        node.give("commands", Talk(on=False))
        assert [clip.seconds for clip in node.sent("clip")] == [1.0]
