import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.frames import CallerAudio, Speech, Words
from voicegraph.processors.pocketsphinx_stt import LONGEST, PocketsphinxStt
from voicegraph.testing.runner import OneNode
from voicegraph.testing.speech import silence, speak

PHRASES = ["what time is it", "tell me a story", "count to ten"]
CHUNK = 320


@pytest.fixture
async def node() -> AsyncIterator[OneNode]:
    async with OneNode(PocketsphinxStt, {"phrases": PHRASES}, rates={"audio": 16000}) as node:
        yield node


def hear(node: OneNode, pcm: Pcm) -> None:
    for at in range(0, len(pcm), CHUNK):
        node.give("audio", CallerAudio(pcm=pcm[at : at + CHUNK].copy(), rate=16000, t=at / 16000))


def say(node: OneNode, text: str, known_after: float = 0.2) -> None:
    """The caller speaks; the VAD is sure of it only `known_after` seconds into the text, and of its end in the silence after it."""
    pcm = speak(text)
    onset = int(known_after * 16000)
    hear(node, np.concatenate((silence(0.5), pcm[:onset])))
    node.give("speech", Speech(on=True, t=0.5))
    hear(node, np.concatenate((pcm[onset:], silence(0.2))))
    node.give("speech", Speech(on=False, t=1.5))


async def until_final(node: OneNode, count: int = 1) -> list[Words]:
    """The final words, once there are `count` of them."""
    async with asyncio.timeout(20):
        while sum(words.final for words in node.sent("words")) < count:  # noqa: ASYNC110  # another process recognises
            await asyncio.sleep(0.01)
    return [words for words in node.sent("words") if words.final]


@pytest.mark.parametrize("phrase", PHRASES)
async def test_an_utterance_gives_its_words_with_the_first_syllable(node: OneNode, phrase: str) -> None:
    say(node, phrase)
    (final,) = await until_final(node)
    assert final.text == phrase


async def test_partial_words_come_first_and_belong_to_the_same_segment(node: OneNode) -> None:
    say(node, "tell me a story")
    await until_final(node)
    *partial, final = node.sent("words")
    assert partial
    assert not any(words.final for words in partial)
    assert {words.segment for words in partial} == {final.segment}


async def test_segments_count_utterances(node: OneNode) -> None:
    say(node, "tell me a story")
    say(node, "count to ten")
    assert [(words.segment, words.text) for words in await until_final(node, 2)] == [(1, "tell me a story"), (2, "count to ten")]


async def test_a_sound_without_words_ends_with_empty_words(node: OneNode) -> None:
    node.give("speech", Speech(on=True, t=0.0))
    hear(node, silence(0.1))
    node.give("speech", Speech(on=False, t=0.1))
    (final,) = await until_final(node)
    assert final.text == ""


async def test_silence_between_utterances_gives_nothing(node: OneNode) -> None:
    hear(node, silence(2))
    await node.settle()
    assert node.sent("words") == []


async def test_endless_speech_is_cut_into_segments(node: OneNode) -> None:
    node.give("speech", Speech(on=True, t=0.0))
    hear(node, silence(LONGEST / 16000 + 0.5))
    (first,) = await until_final(node)
    node.give("speech", Speech(on=False, t=21.0))
    assert [words.segment for words in await until_final(node, 2)] == [first.segment, first.segment + 1]


async def test_a_call_may_end_in_mid_utterance() -> None:
    async with OneNode(PocketsphinxStt, {"phrases": PHRASES}, rates={"audio": 16000}) as node:
        node.give("speech", Speech(on=True, t=0.0))
        hear(node, speak("tell me a story"))
        await asyncio.sleep(0)
    assert node.failure is None


async def test_phrases_must_be_words_that_can_be_understood() -> None:
    with pytest.raises(CallFailed, match="'xyzzy'"):
        async with OneNode(PocketsphinxStt, {"phrases": ["xyzzy"]}, rates={"audio": 16000}):
            pass
