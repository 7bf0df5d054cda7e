from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from voicegraph.testing.mistral import Delays, MistralServer, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000, search=0.0)
SCRIPT = Script(replies=["It rained."], sources=[("https://weather.example", "Weather")])


async def test_it_looks_it_up_and_shows_where(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("web_search", server) as caller:
        await caller.say()
        assert " ".join(caller.heard) == "One moment, I'll look that up. It rained."
        assert caller.messages("sources")[0]["sources"] == [{"url": "https://weather.example", "title": "Weather"}]
        assert "weather.example" not in str(caller.messages("bot-llm-text"))
        await caller.say()
        asked = [request.body for request in server.log.of(Request) if request.endpoint == "conversations"]
    assert len(asked[-1]["inputs"]) == 1


async def test_an_answer_for_the_screen_is_part_of_the_conversation(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("web_search", server) as caller:
        await caller.type("What about Lyon?")
        assert await caller.type_to_read("And now?") == "One moment, I'll look that up. It rained."
        await caller.type("Say that again.")
        asked = [request.body for request in server.log.of(Request) if request.endpoint == "conversations"]
    assert ([entry["content"] for entry in asked[-1]["inputs"]], asked[-1].get("from_entry_id")) == (["Say that again."], None)
