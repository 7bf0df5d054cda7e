import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator

import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed
from voicegraph.local.sphinx import SphinxEngine
from voicegraph.local.sphinx_worker import main
from voicegraph.testing.speech import silence, speak

PHRASES = ["what time is it", "tell me a story", "count to ten"]


@pytest.fixture
async def engine() -> AsyncIterator[SphinxEngine]:
    engine = SphinxEngine(most=1)
    yield engine
    await engine.close()


def utterance(text: str) -> Pcm:
    return np.concatenate((silence(0.3), speak(text), silence(0.3)))


@pytest.mark.parametrize("phrase", PHRASES)
async def test_phrases_are_recognised(engine: SphinxEngine, phrase: str) -> None:
    async with engine.recogniser() as recogniser:
        await recogniser.begin(PHRASES)
        await recogniser.feed(utterance(phrase))
        assert await recogniser.end() == phrase


async def test_words_appear_while_the_caller_speaks(engine: SphinxEngine) -> None:
    async with engine.recogniser() as recogniser:
        await recogniser.begin(["tell me a story"])
        so_far = [await recogniser.feed(piece) for piece in np.array_split(utterance("tell me a story"), 8)]
    assert any("tell" in text for text in so_far[:-1])


async def test_without_phrases_any_words_come(engine: SphinxEngine) -> None:
    async with engine.recogniser() as recogniser:
        await recogniser.begin([])
        await recogniser.feed(utterance("tell me a story"))
        assert await recogniser.end()


async def test_silence_gives_no_words(engine: SphinxEngine) -> None:
    async with engine.recogniser() as recogniser:
        await recogniser.begin([])
        await recogniser.feed(silence(0.5))
        assert await recogniser.end() == ""


async def test_a_cancelled_request_does_not_confuse_the_next_utterance(engine: SphinxEngine) -> None:
    async def first() -> None:
        async with engine.recogniser() as recogniser:
            await recogniser.begin(["count to ten"])
            waiting.set()
            await recogniser.feed(utterance("count to ten " * 10))

    waiting = asyncio.Event()
    task = asyncio.create_task(first())
    await waiting.wait()
    await asyncio.sleep(0)
    task.cancel()
    async with engine.recogniser() as recogniser:
        await recogniser.begin(PHRASES)
        await recogniser.feed(utterance("tell me a story"))
        assert await recogniser.end() == "tell me a story"


async def test_an_unknown_word_is_named(engine: SphinxEngine) -> None:
    with pytest.raises(CallFailed, match="does not know how to say 'xyzzy'"):
        await engine.load(["what is xyzzy"])
    await engine.load(["what is it"])


async def test_a_recogniser_that_dies_fails_its_call_and_is_replaced(engine: SphinxEngine) -> None:
    async with engine.recogniser() as recogniser:
        await recogniser.begin([])
        os.kill(recogniser._process.pid, signal.SIGKILL)
        with pytest.raises(CallFailed, match="stopped unexpectedly"):
            await recogniser.end()
    await engine.load([])


def test_the_worker_answers_each_request_with_a_line() -> None:
    pcm = silence(0.1).tobytes()
    requests = (
        b'{"do": "end"}\n{"do": "begin", "phrases": []}\n' + json.dumps({"do": "feed", "bytes": len(pcm)}).encode() + b"\n" + pcm + b'{"do": "end"}\n'
    )
    written = io.BytesIO()
    main(io.BytesIO(requests), written)
    assert [json.loads(line) for line in written.getvalue().splitlines()] == [{"text": ""}] * 4
