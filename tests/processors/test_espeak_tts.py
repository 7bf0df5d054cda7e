from collections.abc import AsyncIterator

import numpy as np
import pytest

from voicegraph.core.ledger import Span
from voicegraph.errors import CallFailed
from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.local.espeak import RATE
from voicegraph.processors.espeak_tts import EspeakTts
from voicegraph.testing.runner import OneNode

TEXT = "Good morning, Zoë. It is 3.5 degrees in Paris… and rather windy there."


@pytest.fixture
async def node() -> AsyncIterator[OneNode]:
    async with OneNode(EspeakTts, {"speed": 300}) as node:
        yield node


def pieces(text: str, epoch: int, size: int = 7) -> list[ReplyText]:
    starts = range(0, len(text), size)
    return [ReplyText(text=text[at : at + size], at=at, last=at == starts[-1], epoch=epoch) for at in starts]


async def say(node: OneNode, text: str) -> list[ReplyAudio]:
    before = len(node.sent("audio"))
    node.give("text", *pieces(text, node.begin()))
    await node.settle()
    return node.sent("audio")[before:]


async def test_every_character_belongs_to_a_span_that_is_spoken_in_order(node: OneNode) -> None:
    frames = await say(node, TEXT)
    spans = list(dict.fromkeys(frame.span for frame in frames if frame.span))
    assert "".join(span.text for span in spans) == TEXT
    assert [frame.span for frame in frames if frame.ends] == spans


async def test_frames_are_short_and_only_the_last_is_the_last(node: OneNode) -> None:
    frames = await say(node, TEXT)
    assert all(frame.rate == RATE and len(frame.pcm) <= RATE / 10 for frame in frames)
    assert [frame.last for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert all(frame.epoch is not None for frame in frames)


async def test_each_word_is_marked_once_within_its_frame(node: OneNode) -> None:
    frames = await say(node, TEXT)
    marks = [mark for frame in frames for mark in frame.marks]
    assert [TEXT[mark.at :].split()[0] for mark in marks] == TEXT.split()
    assert all(0 <= mark.seconds < frame.seconds for frame in frames for mark in frame.marks)


async def test_sound_starts_before_the_text_is_complete(node: OneNode) -> None:
    node.give("text", ReplyText(text="Good morning. H", at=0, epoch=node.begin()))
    await node.settle()
    assert node.sent("audio")[-1].ends
    assert node.sent("audio")[-1].span == Span("Good morning. ", 0)


async def test_an_empty_reply_ends_with_an_empty_frame(node: OneNode) -> None:
    node.give("text", ReplyText(text="", at=0, last=True, epoch=node.begin()))
    await node.settle()
    (frame,) = node.sent("audio")
    assert frame.last
    assert len(frame.pcm) == 0


async def test_text_for_the_screen_is_not_spoken_but_the_reply_ends(node: OneNode) -> None:
    node.give("text", ReplyText(text="Only to read.", at=0, spoken=False, last=True, epoch=node.begin()))
    await node.settle()
    shown, end = node.sent("audio")
    assert (shown.span, shown.ends, len(shown.pcm)) == (Span("Only to read.", 0, spoken=False), True, 0)
    assert (len(end.pcm), end.last) == (0, True)


async def test_what_is_only_shown_is_accounted_for_at_its_place(node: OneNode) -> None:
    epoch = node.begin()
    node.give(
        "text",
        ReplyText(text="Look:", at=0, epoch=epoch),
        ReplyText(text="| a | table |", at=5, spoken=False, epoch=epoch),
        ReplyText(text="Nice.", at=18, last=True, epoch=epoch),
    )
    await node.settle()
    assert [frame.span for frame in node.sent("audio") if frame.ends] == [
        Span("Look:", 0),
        Span("| a | table |", 5, spoken=False),
        Span("Nice.", 18),
    ]


async def test_what_cannot_be_said_is_a_span_without_sound(node: OneNode) -> None:
    frames = await say(node, "🙂")
    assert [(frame.span, frame.ends, frame.last) for frame in frames] == [(Span("🙂", 0), True, False), (None, False, True)]


async def test_after_a_drop_the_next_reply_is_whole(node: OneNode) -> None:
    node.give("text", *pieces("one two three four five " * 100, node.begin())[:-1])
    node.drop()
    await node.settle()
    frames = await say(node, "That is all.")
    assert {frame.span for frame in frames if frame.span} == {Span("That is all.", 0)}
    assert np.concatenate([frame.pcm for frame in frames]).any()
    assert node.failure is None


async def test_an_unknown_voice_is_a_sentence() -> None:
    with pytest.raises(CallFailed, match="no voice 'xx'"):
        async with OneNode(EspeakTts, {"voice": "xx"}):
            pass
