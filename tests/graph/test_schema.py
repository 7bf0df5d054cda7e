from __future__ import annotations

import json
import re
from typing import Any

import pytest

from voicegraph.graph.registry import Registry
from voicegraph.graph.schema import graph_schema


@pytest.fixture
def schema(toys: Registry) -> dict[str, Any]:
    return graph_schema(toys)


def options(schema: dict[str, Any], use: str) -> dict[str, Any]:
    cases = schema["$defs"]["node"]["anyOf"][2]["allOf"]
    found: dict[str, Any] = next(case["then"] for case in cases if case["if"]["properties"]["use"]["const"] == use)
    return found


def test_every_processor_has_its_options_and_no_others(schema: dict[str, Any]) -> None:
    stt = options(schema, "voxtral_stt")
    assert stt["additionalProperties"] is False
    assert stt["properties"].keys() == {
        "use", "from", "after", "before", "otherwise", "api_key", "target_streaming_delay", "context_bias", "language",
    }  # fmt: skip
    assert options(schema, "mistral_agent")["required"] == ["model"]


def test_options_have_units_and_may_be_variables(schema: dict[str, Any]) -> None:
    delay = options(schema, "voxtral_stt")["properties"]["target_streaming_delay"]
    assert any("ms" in str(form.get("pattern")) for form in delay["anyOf"])
    assert {"type": "string", "pattern": r"\$\{"} in delay["anyOf"]


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    assert {"#/$defs/node", "#/$defs/interruption.Listening"} <= references(schema)
    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} <= schema["$defs"].keys()


def test_the_real_processors_have_a_schema_too() -> None:
    assert "voxtral_stt" in json.dumps(graph_schema())


def test_what_clients_may_set_is_named_by_a_path_and_bounded_with_units(schema: dict[str, Any]) -> None:
    allow = schema["properties"]["allow"]
    named = [
        name for name in ("floor", "floor.preset", "floor.listening.silence", "Floor.preset") if re.search(allow["propertyNames"]["pattern"], name)
    ]
    assert named == ["floor.preset", "floor.listening.silence"]
    bounds = next(form["properties"] for form in allow["additionalProperties"]["anyOf"] if "properties" in form)
    assert all({"number", "string"} == set(bounds[name]["type"]) for name in ("min", "max"))


def test_defaults_are_as_one_would_write_them() -> None:
    schema = graph_schema()
    assert options(schema, "webrtcvad")["properties"]["start"]["default"] == "60ms"
    assert schema["$defs"]["interruption.ReminderSettings"]["properties"]["after"]["default"] == "10s"
