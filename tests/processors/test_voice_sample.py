from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from voicegraph.audio.references import References
from voicegraph.processors.voice_sample import VoiceSample
from voicegraph.testing.clock import run_virtual
from voicegraph.testing.runner import OneNode

CLIP = np.ones(5 * 24_000, np.int16)


def give(node: OneNode, clip: Any = CLIP) -> bool:
    return node.host.shared(References).give("test", clip)


def told(node: OneNode) -> list[tuple[str, dict[str, Any]]]:
    return [(event.kind, dict(event.data)) for event in node.sent("events")]


async def test_it_asks_for_a_voice_and_says_what_the_caller_agrees_to() -> None:
    async with OneNode(VoiceSample, {"consent": "I agree."}) as node:
        await asyncio.sleep(0)
        assert told(node) == [("voice-wanted", {"consent": "I agree.", "shortest_s": 3.0, "longest_s": 25.0})]


async def test_what_is_given_is_passed_on_and_told_without_the_sound() -> None:
    async with OneNode(VoiceSample) as node:
        await asyncio.sleep(0)
        assert give(node)
        (sample,) = node.sent("sample")
        assert (sample.rate, len(sample.pcm)) == (24_000, len(CLIP))
        assert told(node)[1:] == [("voice-taken", {"seconds": 5.0})]


async def test_it_can_be_taken_back() -> None:
    async with OneNode(VoiceSample) as node:
        await asyncio.sleep(0)
        give(node)
        give(node, CLIP[:0])
        assert [len(sample.pcm) for sample in node.sent("sample")] == [len(CLIP), 0]
        assert told(node)[-1] == ("voice-forgotten", {})


async def test_nothing_is_taken_after_the_call() -> None:
    async with OneNode(VoiceSample) as node:
        await asyncio.sleep(0)
    assert not give(node)


def test_it_is_forgotten_when_its_time_is_over() -> None:
    async def test() -> None:
        async with OneNode(VoiceSample, {"keep": "10min"}) as node:
            await asyncio.sleep(0)
            give(node)
            await asyncio.sleep(400)
            give(node)
            await asyncio.sleep(599)
            assert [len(sample.pcm) for sample in node.sent("sample")] == [len(CLIP)] * 2
            await asyncio.sleep(2)
            assert [len(sample.pcm) for sample in node.sent("sample")] == [len(CLIP)] * 2 + [0]

    run_virtual(test())


def test_without_a_time_it_is_kept_as_long_as_the_call() -> None:
    async def test() -> None:
        async with OneNode(VoiceSample) as node:
            await asyncio.sleep(0)
            give(node)
            await asyncio.sleep(7200)
            assert len(node.sent("sample")) == 1

    run_virtual(test())
