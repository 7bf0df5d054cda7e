from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from voicegraph.frames import Clip, Event, Words
from voicegraph.graph.settings import WRITTEN
from voicegraph.processors.voxtral_transcribe import VoxtralTranscribe, VoxtralTranscribeSettings
from voicegraph.testing.mistral import Delays, FaultPlan, Faults, MistralServer, Request, Script
from voicegraph.testing.runner import OneNode

CLIP = Clip(pcm=np.zeros(32000, np.int16), rate=16000)


@asynccontextmanager
async def hearing(faults: FaultPlan = Faults(), **options: Any) -> AsyncIterator[tuple[OneNode, MistralServer]]:  # noqa: B008
    script = Script(utterances=["shall we go | not yet", "all right"], language="fr")
    async with MistralServer(script, Delays(file_transcription=0.0), faults) as server:
        settings = {"api_key": "key", "base_url": server.url, **options}
        async with OneNode(VoxtralTranscribe, settings, rates={"clip": 16000}) as node:
            yield node, server


async def give(node: OneNode, *clips: Clip) -> None:
    node.give("clip", *clips)
    await node.settle()


async def test_the_agent_gets_who_said_what_and_when() -> None:
    async with hearing(context_bias=["Voxtral"]) as (node, server):
        await give(node, CLIP)
        body = server.log.of(Request)[0].body
    assert node.sent("words") == [
        Words(segment=0, text="[0.0s -> 1.0s] speaker_1: shall we go\n[1.0s -> 2.0s] speaker_2: not yet", final=True, language="fr")
    ]
    assert (body["model"], body["diarize"], body["timestamp_granularities"], body["context_bias"]) == (
        "voxtral-mini-transcribe-3-0",
        "true",
        ["segment"],
        ["Voxtral"],
    )


async def test_the_page_gets_the_parts() -> None:
    async with hearing() as (node, _):
        await give(node, CLIP)
    event: Event = node.sent("events")[0]
    assert (event.kind, event.data["segment"], event.data["language"]) == ("utterance", 0, "fr")
    assert event.data["parts"][1] == {"speaker": "speaker_2", "start": 1.0, "end": 2.0, "text": "not yet"}


async def test_without_diarization_the_words_come_alone() -> None:
    async with hearing(diarize=False, language="en") as (node, server):
        await give(node, CLIP, CLIP)
        body = server.log.of(Request)[0].body
    assert [words.text for words in node.sent("words")] == ["shall we go not yet", "all right"]
    assert body["language"] == "en"
    assert "timestamp_granularities" not in body


@pytest.mark.parametrize("faults", [Faults(status=422), Faults(stall_after=0), Faults(drop_after=0)])
async def test_a_clip_that_cannot_be_transcribed_is_told_and_the_next_one_is_heard(faults: Faults) -> None:
    async with hearing(faults, limit="300ms") as (node, server):
        await give(node, CLIP)
        assert node.sent("words") == []
        assert node.sent("events")[0].data["message"].startswith("What you said could not be transcribed. ")
        server.set_faults(Faults())
        await give(node, CLIP)
        assert [words.segment for words in node.sent("words")] == [1]


@pytest.mark.parametrize("options", [{"language": "en"}, {"language": "english", "diarize": False}, {"limit": "0s"}])
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VoxtralTranscribeSettings.model_validate(options, context=WRITTEN)
