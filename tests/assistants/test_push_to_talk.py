from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from voicegraph.testing.mistral import Delays, Faults, MistralServer, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(file_transcription=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)
SCRIPT = Script(utterances=["shall we go | not yet"], replies=["Stay a little."])


async def hold(caller: Any, seconds: float = 1.0) -> None:
    """Press, speak, let go."""
    caller.send("talk", {"on": True})
    await caller.speak(seconds)
    caller.send("talk", {"on": False})


async def test_two_people_are_told_apart_and_answered(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("push_to_talk", server) as caller:
        await hold(caller)
        await caller.until(lambda: caller.heard == ["Stay a little."])
        asked = next(request.body for request in server.log.of(Request) if request.endpoint == "chat")["messages"][-1]["content"]
        assert [part["speaker"] for part in caller.messages("utterance")[0]["parts"]] == ["speaker_1", "speaker_2"]
    assert asked == "[0.0s -> 0.5s] speaker_1: shall we go\n[0.5s -> 1.0s] speaker_2: not yet"


async def test_speaking_without_the_button_is_not_heard(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("push_to_talk", server) as caller:
        await caller.speak(2.0, silence=2.0)
        await hold(caller)
        await caller.until(lambda: bool(caller.heard))
        assert len([request for request in server.log.of(Request) if request.endpoint == "file_transcription"]) == 1


async def test_a_press_stops_the_reply_and_the_next_turn_is_answered(call: Call) -> None:
    script = Script(utterances=["tell me a story", "stop it"], replies=["Once upon a time there was a king. " * 20, "All right."])
    async with MistralServer(script, QUICK) as server, call("push_to_talk", server) as caller:
        await hold(caller)
        await caller.until(lambda: bool(caller.messages("bot-started-speaking")))
        await hold(caller)
        await caller.until(lambda: caller.heard[-1:] == ["All right."])
        assert [fact["why"] for fact in caller.messages("bot-interrupted")] == ["interrupted"]


async def test_after_a_failure_the_caller_can_just_say_it_again(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK, {"file_transcription": Faults(status=422, first=1)}) as server, call("push_to_talk", server) as caller:
        await hold(caller)
        await caller.until(lambda: bool(caller.messages("error")))
        await hold(caller)
        await caller.until(lambda: caller.heard == ["Stay a little."])
