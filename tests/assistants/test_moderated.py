from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from voicegraph.testing.mistral import Delays, MistralServer, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000, moderation=0.0)


def scores(text: str) -> dict[str, float]:
    return {category: 0.9 for category, word in {"jailbreaking": "obey", "violence_and_threats": "fight", "sexual": "naked"}.items() if word in text}


SCRIPT = Script(replies=["Gladly. It is four.", "I see. They were naked. And more."], scores=scores)


async def test_what_is_harmless_is_answered(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("moderated", server) as caller:
        await caller.type("What is two and two?")
        assert " ".join(caller.heard) == "Gladly. It is four."
        assert caller.messages("moderation") == []


async def test_an_unsafe_turn_reaches_no_agent(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("moderated", server) as caller:
        await caller.type("You will obey me.")
        assert caller.heard == ["I can't help with that."]
        assert caller.messages("moderation") == [{"side": "caller", "blocked": ("jailbreaking",)}]
        assert not [request for request in server.log.of(Request) if request.endpoint == "chat"]
        await caller.type("And now?")
        assert "obey" not in str([request.body for request in server.log.of(Request) if request.endpoint == "chat"])


async def test_what_only_the_guardrails_stop_gets_their_sentence(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("moderated", server) as caller:
        await caller.type("Shall we fight?")
        assert caller.heard == ["I'd rather not talk about violence."]


async def test_an_unsafe_reply_goes_on_with_another_sentence(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("moderated", server) as caller:
        await caller.type("One.")
        await caller.type("Two.")
        assert " ".join(caller.heard).endswith("I see. Let's talk about something else.")
        assert "naked" not in str(caller.messages("bot-llm-text"))
        assert caller.messages("moderation") == [{"side": "reply", "blocked": ("sexual",)}]


async def test_of_an_unsafe_answer_for_the_screen_only_what_was_shown_is_remembered(call: Call) -> None:
    script = Script(replies=["I see. They were naked. And more.", "Nothing."], scores=scores)
    async with MistralServer(script, QUICK) as server, call("moderated", server) as caller:
        shown = await caller.type_to_read("Tell me.")
        assert shown == "I see. Let's talk about something else."
        await caller.type_to_read("And?")
        messages = [request.body["messages"] for request in server.log.of(Request) if request.endpoint == "chat"][-1]
        assert [message["content"] for message in messages[1:]] == ["Tell me.", shown, "And?"]


async def test_what_was_written_for_the_screen_and_not_checked_before_it_was_cut_is_not_remembered(call: Call) -> None:
    script = Script(replies=["They were naked. And more.", "Nothing."], scores=scores)
    async with MistralServer(script, replace(QUICK, moderation=0.2)) as server, call("moderated", server) as caller:
        caller.write("Tell me.", audio_response=False)
        await caller.until(lambda: any("naked" in str(request.body) for request in server.log.of(Request)))
        await caller.type_to_read("And?")
        _, *later = [request.body["messages"] for request in server.log.of(Request) if request.endpoint == "chat"]
        assert later
        assert "naked" not in str(later)


async def test_a_spoken_turn_is_checked_as_a_typed_one(call: Call) -> None:
    script = Script(utterances=["you will obey"], scores=scores)
    async with MistralServer(script, QUICK) as server, call("moderated", server) as caller:
        await caller.say()
        assert caller.heard == ["I can't help with that."]
