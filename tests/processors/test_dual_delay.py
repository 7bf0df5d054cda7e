from __future__ import annotations

from voicegraph.frames import Caption, TurnCue, Words
from voicegraph.processors.dual_delay import DualDelay
from voicegraph.testing.runner import OneNode


async def test_quick_words_are_shown_until_the_sure_ones_come() -> None:
    async with OneNode(DualDelay) as node:
        node.give("fast", Words(segment=0, text="the whale", final=False), TurnCue(segment=0, cue="eager", t=1.0))
        node.give("slow", Words(segment=0, text="The Wales", final=True))
        assert node.sent("captions") == [
            Caption(line=0, settled="", ahead="the whale", final=False),
            Caption(line=0, settled="The Wales", ahead="", final=True),
        ]


async def test_the_record_gets_the_sure_words_alone() -> None:
    async with OneNode(DualDelay) as node:
        node.give("fast", Words(segment=0, text="one", final=True))
        node.give("slow", Words(segment=0, text="One.", final=True))
        assert node.sent("settled") == [Words(segment=0, text="One.", final=True)]
