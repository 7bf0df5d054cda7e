from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from voicegraph.core.toolcalls import Assembly, Fragment, ToolCall, told

ON_THE_WIRE: TypeAdapter[list[Fragment] | None] = TypeAdapter(list[Fragment] | None)


def assembled(*deltas: Any) -> list[ToolCall]:
    assembly = Assembly()
    for delta in deltas:
        assembly.take(ON_THE_WIRE.validate_python(delta))
    return assembly.calls()


def test_arguments_come_in_pieces() -> None:
    assert assembled(
        [{"index": 0, "id": "a", "function": {"name": "weather", "arguments": '{"town": '}}],
        [{"index": 0, "function": {"arguments": '"Paris"}'}}],
    ) == [ToolCall("a", "weather", '{"town": "Paris"}')]


def test_calls_that_are_written_side_by_side_stay_apart() -> None:
    assert assembled(
        [{"index": 0, "id": "a", "function": {"name": "one", "arguments": "{"}}, {"index": 1, "id": "b", "function": {"name": "two"}}],
        [{"index": 1, "function": {"arguments": "{}"}}, {"index": 0, "function": {"arguments": "}"}}],
    ) == [ToolCall("a", "one", "{}"), ToolCall("b", "two", "{}")]


def test_a_server_without_indices_is_understood() -> None:
    assert assembled([{"id": "a", "function": {"name": "one", "arguments": "{}"}}, {"id": "b", "function": {"name": "two", "arguments": "{}"}}]) == [
        ToolCall("a", "one", "{}"),
        ToolCall("b", "two", "{}"),
    ]
    assert assembled([{"id": "a", "function": {"name": "one", "arguments": "{"}}], [{"function": {"arguments": "}"}}]) == [ToolCall("a", "one", "{}")]


def test_a_call_without_arguments_or_id_gets_them() -> None:
    assert assembled([{"index": 0, "function": {"name": "now"}}]) == [ToolCall("call_0", "now", "{}")]


def test_arguments_may_be_an_object() -> None:
    assert assembled([{"id": "a", "function": {"name": "weather", "arguments": {"town": "Paris"}}}]) == [
        ToolCall("a", "weather", '{"town": "Paris"}')
    ]


@pytest.mark.parametrize("rubbish", [None, [], [{}], [{"function": None}], [{"index": 0, "function": {"arguments": "{}"}}]])
def test_rubbish_is_no_call(rubbish: Any) -> None:
    assert assembled(rubbish) == []


def test_the_model_is_told_what_came_of_it() -> None:
    asking, result = told([ToolCall("a", "weather", "{}")], ["sunny"], "Let me see.")
    assert asking["tool_calls"][0]["function"] == {"name": "weather", "arguments": "{}"}
    assert asking["content"] == "Let me see."
    assert result == {"role": "tool", "tool_call_id": "a", "name": "weather", "content": "sunny"}
