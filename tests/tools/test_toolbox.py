from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from voicegraph.core.toolcalls import ToolCall
from voicegraph.errors import ToolFailed
from voicegraph.graph.host import Host
from voicegraph.testing.clock import run_virtual
from voicegraph.tools.offer import LONGEST
from voicegraph.tools.settings import ToolsSettings
from voicegraph.tools.toolbox import Toolbox, offers


def weather(town: str) -> str:
    """What the weather is like."""
    return f"Sunny in {town}."


async def slow() -> str:
    """Takes a minute."""
    await asyncio.sleep(60)
    return "late"


def broken(words: str) -> str:
    """Does not work."""
    raise RuntimeError(f"cannot {words}")


def refusing() -> str:
    """Says no."""
    raise ToolFailed("We are closed.")


def endless() -> str:
    """Says a lot."""
    return "x" * 100_000


def of(**tools: Any) -> Toolbox:
    return Toolbox(offers(ToolsSettings.model_validate({"tools": tools}).tools, Host().shared))


async def result(function: Callable[..., Any], arguments: str = "{}", **options: Any) -> str:
    """What came of one call."""
    return await of(it={"call": function, **options}).run(ToolCall("1", "it", arguments))


async def test_the_model_is_offered_what_the_tools_say_of_themselves() -> None:
    box = of(weather={"call": weather}, open={"http": {"url": "https://x.example/"}, "about": "Opening hours."})
    first, second = (schema["function"] for schema in box.schemas())
    assert (first["name"], first["description"], list(first["parameters"]["properties"])) == ("weather", "What the weather is like.", ["town"])
    assert second == {"name": "open", "description": "Opening hours.", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"town": "Paris"}', "Sunny in Paris."),
        ('{"town": ', "Failed. Its arguments are no JSON."),
        ("[" * 100_000, "Failed. Its arguments are no JSON."),
        ('["Paris"]', "Failed. Its arguments are no JSON object."),
        ("{}", "Failed. Wrong arguments: town is missing."),
        ('{"town": ["Paris"]}', "Failed. Wrong arguments: town: Input should be a valid string"),
    ],
)
async def test_whatever_the_model_writes_gets_an_answer(arguments: str, text: str) -> None:
    assert await of(weather={"call": weather}).run(ToolCall("1", "weather", arguments)) == text


async def test_a_tool_that_is_not_there_is_told_with_what_was_probably_meant() -> None:
    assert await of(weather={"call": weather}).run(ToolCall("1", "wether", "{}")) == "There is no tool 'wether' (did you mean 'weather'?)."


@pytest.mark.parametrize(
    ("effects", "text"),
    [(False, "Failed. It took longer than 2 s."), (True, "Failed. It took longer than 2 s. It is not known whether it was done.")],
)
def test_a_tool_that_takes_too_long_is_given_up(effects: bool, text: str) -> None:
    assert run_virtual(result(slow, timeout=2.0, effects=effects)) == text


async def test_a_tool_that_says_no_is_quoted() -> None:
    assert await result(refusing) == "Failed. We are closed."


async def test_a_mistake_in_a_tool_is_named_in_the_log_without_the_callers_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert await result(broken, '{"words": "say my secret"}') == "Failed (RuntimeError)."
    assert "'it' failed: RuntimeError in" in caplog.text
    assert "secret" not in caplog.text


async def test_a_long_result_is_cut() -> None:
    assert len(await result(endless)) < LONGEST + 50


async def test_the_first_filler_in_the_callers_language_is_said() -> None:
    box = of(a={"call": weather}, b={"call": weather, "filler": {"en": "One moment.", "fr": "Un instant."}})
    calls = [ToolCall("1", "gone", "{}"), ToolCall("2", "a", "{}"), ToolCall("3", "b", "{}")]
    assert [box.filler(calls, language) for language in ("fr", "de")] == ["Un instant.", "One moment."]
    assert box.filler(calls[:2], "fr") == ""
