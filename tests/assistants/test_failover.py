from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from voicegraph.errors import loggable
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Request, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)
SCRIPT = Script(utterances=["what is two and two"], replies=["It is four. Gladly so.", "And it is five."])


def went_to(caller: Any) -> list[tuple[str, str]]:
    return [(data["node"], data["to"].partition(" ")[0]) for data in caller.messages("failover")]


async def test_while_all_is_well_nobody_stands_in(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("failover", server) as caller:
        await caller.type("What is two and two?")
        assert " ".join(caller.heard) == "It is four. Gladly so."
        assert went_to(caller) == []
        assert {request.query.get("model") for request in server.log.of(Request) if request.endpoint == "transcription"} == {
            "voxtral-mini-transcribe-realtime-3-0"
        }


async def test_an_agent_that_refuses_is_replaced_in_the_same_turn(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK, faults={"chat": Faults(status=400, first=1)}) as server, call("failover", server) as caller:
        await caller.type("What is two and two?")
        assert " ".join(caller.heard) == "It is four. Gladly so."
        assert went_to(caller) == [("agent", "mistral_agent")]
        assert caller.messages("error") == []
        models = [request.body["model"] for request in server.log.of(Request) if request.endpoint == "chat"]
        assert models == ["mistral-small-latest", "mistral-medium-latest"]


async def test_what_a_provider_says_of_itself_is_for_the_caller_and_not_for_the_log(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")
    async with MistralServer(SCRIPT, QUICK, faults={"chat": Faults(status=400, first=1)}) as server, call("failover", server) as caller:
        await caller.type("What is two and two?")
        [told] = caller.messages("failover")
        plain = loggable(told["why"])
        assert plain != told["why"]
    [line] = [line for line in caplog.messages if "goes on with" in line]
    assert line.endswith(plain)


ORDERING = """
extends: voxtral
about: A coffee shop.
nodes:
  agent:
    tools: {order: {call: "./tools.py:order"}}
    otherwise: {use: mistral_agent, model: mistral-medium-latest, tools: {order: {call: "./tools.py:order"}}}
"""


async def test_a_model_that_fails_after_a_tool_has_done_its_work_does_not_make_its_stand_in_do_it_again(call: Call, tmp_path: Any) -> None:
    (tmp_path / "tools.py").write_text(
        'async def order(drink: str) -> str:\n    """Order a drink."""\n    with open(__file__ + ".log", "a") as file:\n'
        '        file.write(drink + "\\n")\n    return f"One {drink} is ordered."\n'
    )
    (tmp_path / "shop.yaml").write_text(ORDERING)
    orders = tmp_path / "tools.py.log"

    def calls(messages: Any) -> Any:
        if messages[-1]["role"] == "tool" or orders.exists():
            return ()
        server.set_faults({"chat": Faults(status=400, first=1)})
        return [("order", {"drink": "coffee"})]

    async with MistralServer(Script(replies=["It comes."], calls=calls), QUICK) as server, call(str(tmp_path / "shop.yaml"), server) as caller:
        await caller.type("A coffee, please.")
        assert orders.read_text() == "coffee\n"
        assert caller.heard == ["I'm sorry, I can't answer that at the moment."]
        await caller.until(lambda: went_to(caller))
        await caller.type("And when?")
        assert orders.read_text() == "coffee\n"
        asked = next(request.body for request in reversed(list(server.log.of(Request))) if request.endpoint == "chat")
        assert asked["model"] == "mistral-medium-latest"
        assert "One coffee is ordered." in [message["content"] for message in asked["messages"] if message["role"] == "tool"], "it knows"


async def test_the_last_resort_answers_when_every_model_is_gone_and_knows_what_was_said(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("failover", server) as caller:
        await caller.type("What is two and two?")
        server.set_faults({"chat": Faults(status=400)})
        await caller.type("What did you say?")
        assert "I said: It is four. Gladly so." in " ".join(caller.heard)
        assert went_to(caller)[-1] == ("agent", "local_agent")


async def test_an_answer_for_the_screen_is_known_to_the_last_resort_too(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("failover", server) as caller:
        await caller.type_to_read("What is two and two?")
        server.set_faults({"chat": Faults(status=400)})
        assert await caller.type_to_read("What did you say?") == "I said: It is four. Gladly so."
        assert [entry["agent"] for entry in caller.session.remembered()["agent"]] == ["It is four. Gladly so.", "I said: It is four. Gladly so."]


async def test_a_voice_that_is_gone_is_replaced_by_one_that_speaks_what_is_left(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("failover", server) as caller:
        server.set_faults({"realtime_speech": Faults(status=503), "speech": Faults(status=400)})
        for connection in list(server._open.values()):
            if connection.endpoint == "realtime_speech":
                connection.drop()
        await caller.type("What is two and two?")
        assert " ".join(caller.heard) == "It is four. Gladly so."
        assert went_to(caller)[-1] == ("tts", "espeak_tts")


@pytest.mark.parametrize("endpoint", ["chat", "realtime_speech"])
async def test_a_provider_that_stalls_is_replaced(call: Call, endpoint: Any) -> None:
    delays = Delays(final=0.01, first_token=20.0 if endpoint == "chat" else 0.0, first_sound=20.0 if endpoint != "chat" else 0.0, speech_speed=1000)
    async with MistralServer(SCRIPT, delays) as server, call("failover", server) as caller:
        await caller.type("What time is it?")
        assert caller.heard
        assert caller.messages("error") == []
        assert went_to(caller)


async def test_a_server_that_dies_in_mid_call_leaves_a_call_on_this_machine(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("failover", server) as caller:
        await caller.type("What is two and two?")
        await server.stop()
        await caller.type("What is three plus three?")
        assert "6" in " ".join(caller.heard)
        await caller.speak()
        await caller.until(lambda: ("stt", "pocketsphinx_stt") in went_to(caller))
        assert {("agent", "local_agent"), ("tts", "espeak_tts"), ("stt", "pocketsphinx_stt")} <= set(went_to(caller))


async def test_ears_that_are_lost_are_replaced_and_hear_again_what_was_not_answered(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK, faults={"transcription": Faults(status=400, first=1)}) as server, call("failover", server) as caller:
        await caller.until(lambda: went_to(caller))
        await caller.say()
        assert " ".join(caller.heard) == "It is four. Gladly so."
        assert went_to(caller) == [("stt", "voxtral_stt")]


async def test_without_a_server_the_call_begins_on_this_machine(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server:
        await server.stop()
        async with call("failover", server) as caller:
            await caller.type("What is three plus three?")
            assert "6" in " ".join(caller.heard)


async def test_an_answer_that_nobody_can_make_is_apologised_for_aloud(call: Call, tmp_path: Any) -> None:
    (tmp_path / "sorry.yaml").write_text('extends: voxtral\nabout: Sorry.\nnodes: {floor: {apology: "Sorry, not now."}}\n')
    async with MistralServer(SCRIPT, QUICK, faults={"chat": Faults(status=400)}) as server, call(str(tmp_path / "sorry.yaml"), server) as caller:
        await caller.type("What is two and two?")
        assert caller.heard == ["Sorry, not now."]
        assert len(caller.messages("error")) == 1
        server.set_faults({})
        await caller.type("And now?")
        assert " ".join(caller.heard).startswith("Sorry, not now. ")
        assert len(caller.heard) > 1
