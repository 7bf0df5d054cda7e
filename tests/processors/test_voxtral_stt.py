from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.conftest import Until
from voicegraph.errors import CallFailed
from voicegraph.frames import CallerAudio, Speech, TurnCue, Words
from voicegraph.graph.settings import WRITTEN
from voicegraph.graph.spec import Link, NodeSpec, Position
from voicegraph.processors.voxtral_stt import VoxtralStt, VoxtralSttSettings
from voicegraph.testing.mistral import Closed, Delays, FaultPlan, Faults, MistralServer, Received, Script
from voicegraph.testing.runner import OneNode

RATE = 16000
OLD = "voxtral-mini-transcribe-realtime-2602"
NEW = "voxtral-mini-transcribe-realtime-3-0"


@asynccontextmanager
async def listening(
    model: str = NEW,
    rate: int = RATE,
    faults: FaultPlan = Faults(),  # noqa: B008
    api_key: str | None = None,
    **options: Any,
) -> AsyncIterator[tuple[OneNode, MistralServer]]:
    async with MistralServer(Script(utterances=["hello there my friend"]), Delays(final=0.01), faults, api_key=api_key) as server:
        settings = {"api_key": "key", "base_url": server.url, "model": model, "target_streaming_delay": "80ms", **options}
        unlinked = [] if model == OLD else ["speech"]
        async with OneNode(VoxtralStt, settings, rates={"audio": rate}, unlinked=unlinked) as node:
            yield node, server


def give(node: OneNode, seconds: float, loud: bool, rate: int = RATE) -> None:
    sound = np.random.default_rng(7).normal(0, 3000 if loud else 3, round(seconds * rate)).astype(np.int16)
    for frame in np.array_split(sound, round(seconds / 0.02)):
        node.give("audio", CallerAudio(pcm=frame, rate=rate, t=node.session.now()))


def finals(node: OneNode) -> list[Words]:
    return [frame for frame in node.sent("words") if isinstance(frame, Words) and frame.final]


def cues(node: OneNode) -> list[str]:
    return [frame.cue for frame in node.sent("words") if isinstance(frame, TurnCue)]


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
async def test_the_model_s_turns_become_words_and_cues(until: Until, rate: int) -> None:
    async with listening(rate=rate) as (node, server):
        give(node, 2.0, loud=True, rate=rate)
        give(node, 1.0, loud=False, rate=rate)
        await until(lambda: "end" in cues(node))
        update = server.log.of(Received)[0]
    assert cues(node) == ["start", "eager", "end"]
    assert finals(node) == [Words(segment=0, text="hello there my friend", final=True, language="en")]
    assert update.message["session"]["audio_format"]["sample_rate"] == rate


async def test_the_end_of_speech_closes_the_segment_of_an_older_model(until: Until) -> None:
    async with listening(OLD) as (node, _):
        node.give("speech", Speech(on=True, t=0.0))
        give(node, 2.0, loud=True)
        node.give("speech", Speech(on=False, t=2.0))
        await until(lambda: bool(finals(node)))
        assert not cues(node)
    assert finals(node)[0].text == "hello there my friend"


async def test_speech_without_words_gives_an_empty_final(until: Until) -> None:
    async with listening(OLD) as (node, _):
        give(node, 0.5, loud=False)
        node.give("speech", Speech(on=False, t=0.5))
        await until(lambda: bool(finals(node)))
    assert finals(node)[0].text == ""


async def test_the_service_is_asked_as_the_options_say() -> None:
    turns = {"min_silence": "300ms", "end_timeout": "2s", "start_threshold": 0.6}
    async with listening(language="fr", context_bias=["Voxtral", "Mistral"], turn_detection=turns) as (_, server):
        session = (await server.wait_for(Received)).message["session"]
    assert (session["target_streaming_delay_ms"], session["language"], session["context_bias"]) == (80, "fr", ["Voxtral", "Mistral"])
    assert session["turn_detection"] == {
        "start_threshold": 0.6,
        "eager_end_threshold": 0.5,
        "end_threshold": 0.33,
        "min_silence_ms": 300,
        "end_timeout_ms": 2000,
    }


async def test_an_older_model_is_not_asked_for_turns() -> None:
    async with listening(OLD) as (_, server):
        assert "turn_detection" not in (await server.wait_for(Received)).message["session"]


async def test_a_refused_key_ends_the_call_before_it_begins() -> None:
    with pytest.raises(CallFailed, match="refused the key"):
        async with listening(api_key="another"):
            pass


async def test_words_survive_a_lost_connection(until: Until) -> None:
    async with listening(faults={"transcription": Faults(drop_after=5, first=1)}) as (node, _):
        give(node, 2.0, loud=True)
        give(node, 1.0, loud=False)
        await until(lambda: "end" in cues(node))
    assert finals(node)[0].text == "hello there my friend"


async def test_the_connection_is_closed_with_the_call() -> None:
    async with listening() as (_, server):
        await server.wait_for(Received)
    assert (await server.wait_for(Closed)).by == "client"


@pytest.mark.parametrize(
    "options",
    [
        {"target_streaming_delay": "40ms"},
        {"target_streaming_delay": "3s"},
        {"target_streaming_delay": 240},
        {"language": "english"},
        {"turn_detection": {"end_threshold": 0.5}},
        {"turn_detection": {"start_threshold": 0.4}},
        {"turn_detection": {"start_threshold": 1.5}},
        {"turn_detection": {"min_silence": "2s", "end_timeout": "1s"}},
        {"turn_detection": {"silence": "2s"}},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VoxtralSttSettings.model_validate(options, context=WRITTEN)


@pytest.mark.parametrize(
    ("model", "flushed", "mistake"),
    [
        (NEW, False, None),
        (OLD, True, None),
        (NEW, True, None),
        (OLD, False, "put a voice detector above"),
    ],
)
def test_who_ends_the_segments_is_checked(model: str, flushed: bool, mistake: str | None) -> None:
    links = (Link("vad", "speech", "stt", "speech", Speech),) if flushed else ()
    spec = NodeSpec("stt", "voxtral_stt", VoxtralStt, VoxtralSttSettings(model=model), Position("x.yaml", 1, 1), links=links)
    mistakes = VoxtralStt.check(spec)
    assert len(mistakes) == (mistake is not None)
    assert all(mistake in each for each in mistakes if mistake)
