from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from voicegraph.testing.mistral import Delays, MistralServer, Received, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)


def speaks(language: str | None) -> MistralServer:
    return MistralServer(Script(utterances=["…a question…"], replies=["An answer."], language=language), QUICK)


def voices(server: MistralServer) -> set[str]:
    return {
        event.message["session"]["voice"] for event in server.log.of(Received) if event.endpoint == "realtime_speech" and "session" in event.message
    }


def told(server: MistralServer) -> str:
    """The system message of the last chat request."""
    return str([request.body for request in server.log.of(Request) if request.endpoint == "chat"][-1]["messages"][0]["content"])


@pytest.mark.parametrize(
    ("language", "instructions", "voice"),
    [
        ("fr", "Réponds en français", "fr_marie_neutral"),
        ("de", "Antworte auf Deutsch", "gb_jane_neutral"),
        (None, "Answer in English", "gb_jane_neutral"),
    ],
)
async def test_the_language_of_the_caller_chooses_instructions_and_voice(call: Call, language: str | None, instructions: str, voice: str) -> None:
    async with speaks(language) as server, call("multilingual", server) as caller:
        await caller.say()
        assert caller.heard == ["An answer."]
        assert instructions in told(server)
        assert voices(server) == {"gb_jane_neutral", voice}


async def test_an_interpreter_answers_in_the_other_language(call: Call) -> None:
    async with speaks("fr") as server, call("interpreter", server) as caller:
        await caller.say(silence=3.0)
        assert caller.heard == ["An answer."]
        assert "into English" in told(server)
        assert "gb_jane_neutral" in voices(server)
