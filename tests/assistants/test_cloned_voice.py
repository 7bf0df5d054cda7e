from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from voicegraph.audio.references import References
from voicegraph.core.reference import prepare
from voicegraph.testing.mistral import Delays, MistralServer, Received, Request, Script
from voicegraph.testing.speech import murmur

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)
SCRIPT = Script(replies=["Hello there.", "Now I sound like you."])


def lent(server: MistralServer) -> list[float]:
    """Seconds of each clip that arrived as `ref_audio`."""
    updates = server.log.of(Received, lambda record: record.message["type"] == "session.update")
    found = []
    for clip in filter(None, (update.message["session"].get("ref_audio") for update in updates)):
        with wave.open(io.BytesIO(base64.b64decode(clip))) as wav:
            found.append(wav.getnframes() / wav.getframerate())
    return found


async def test_the_callers_voice_arrives_at_the_model_and_speaks(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("cloned_voice", server) as caller:
        await caller.type("Hello?")
        assert lent(server) == []
        assert "I agree" in caller.messages("voice-wanted")[0]["consent"]
        assert caller.host.shared(References).give("test", prepare(murmur(8.0)))
        await server.wait_for(Received, lambda record: "ref_audio" in record.message.get("session", ()))
        await caller.type("And now?")
        assert lent(server)[0] == pytest.approx(8.0, abs=0.05)
        assert caller.messages("voice-taken") == [{"seconds": pytest.approx(8.0, abs=0.1)}]
        assert caller.heard == ["Hello there.", "Now I sound like you."]


async def test_the_last_twenty_turns_are_remembered(call: Call) -> None:
    async with MistralServer(Script(replies=["Yes."]), QUICK) as server, call("cloned_voice", server) as caller:
        for number in range(22):
            await caller.type(f"Question {number}?")
        request = [request for request in server.log.of(Request) if request.endpoint == "chat"][-1]
        asked = [message["content"] for message in request.body["messages"] if message["role"] == "user"]
    assert (asked[0], asked[-1]) == ("Question 1?", "Question 21?")
