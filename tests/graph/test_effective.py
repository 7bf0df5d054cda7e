"""What is in effect at a node, and who said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.graph.effective import Effective, effective
from voicegraph.graph.load import load

MINE = """\
extends: voxtral
nodes:
  vad: {mode: "${VAD_MODE:-2}", start: 80ms}
  stt: {language: "${LANGUAGE}", api_key: "${KEY}", turn_detection: {min_silence: 300ms}}
  floor: {preset: patient, speaking: {duck: 100ms}}
"""


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Effective]:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    spec = load(file, {"VAD_MODE": "1", "LANGUAGE": "", "KEY": "very-secret"})
    return {f"{node.name}.{each.option}": each for node in spec.nodes for each in effective(node)}


def said(each: Effective) -> tuple[object, str, str]:
    return each.value, each.origin, f"{Path(each.at.file).name}:{each.at.line}" if each.at else ""


@pytest.mark.parametrize(
    ("option", "value", "origin", "at"),
    [
        ("vad.start", "80ms", "file", "mine.yaml:3"),
        ("vad.stop", "200ms", "default", ""),
        ("stt.target_streaming_delay", "240ms", "file", "voxtral.yaml:21"),
        ("stt.turn_detection.min_silence", "300ms", "file", "mine.yaml:4"),
        ("stt.turn_detection.end_timeout", "3s", "default", ""),
        ("floor.preset", "patient", "file", "mine.yaml:5"),
        ("floor.speaking.duck", "100ms", "file", "mine.yaml:5"),
        ("floor.speaking.drop", "3s", "preset patient", ""),
        ("floor.reminders.after", "10s", "default", ""),
    ],
)
def test_each_value_says_where_it_comes_from(found: dict[str, Effective], option: str, value: object, origin: str, at: str) -> None:
    assert said(found[option]) == (value, origin, at)


def test_a_variable_is_named_and_what_it_holds_is_not_told(found: dict[str, Effective]) -> None:
    assert said(found["vad.mode"]) == ("${VAD_MODE:-2}", "file", "mine.yaml:3")
    assert found["vad.mode"].variables == ("VAD_MODE",)
    assert said(found["stt.api_key"]) == ("${KEY}", "file", "mine.yaml:4")
    assert "very-secret" not in str(found)


def test_a_dollar_before_a_variable_does_not_show_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text('extends: voxtral\nnodes:\n  agent: {instructions: "It costs $$${PRICE}."}\n')
    found = {each.option: each for each in effective(load(file, {"PRICE": "very-secret"}).node("agent"))}
    assert found["instructions"].value == "It costs $$${PRICE}."


def test_an_empty_variable_leaves_the_default(found: dict[str, Effective]) -> None:
    language = found["stt.language"]
    assert (language.value, language.origin, language.variables, language.left_out) == (None, "default", ("LANGUAGE",), True)


@pytest.mark.parametrize("name", ["voxtral", "local"])
def test_every_option_of_every_node_is_there_once(name: str) -> None:
    for node in load(name).nodes:
        options = [each.option for each in effective(node)]
        assert len(options) == len(set(options))
        assert {option.partition(".")[0] for option in options} == set(node.settings.model_dump())
