"""What a client may set for its own call, and what it is told when it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voicegraph.errors import BadRequest
from voicegraph.graph.load import load
from voicegraph.graph.spec import GraphSpec
from voicegraph.server.client_settings import offered, with_settings

ALLOWING = """\
about: A call that clients may change.
extends: voxtral
nodes:
  tts: {otherwise: {use: voxtral_tts, model: voxtral-mini-tts-2603, otherwise: {use: espeak_tts}}}
allow:
  tts.voice: [gb_jane_neutral, fr_marie_neutral]
  tts.expressiveness: any
  agent.temperature: {min: 0, max: 1}
  agent.instructions: {max_length: 30}
  stt.target_streaming_delay: {min: 160ms, max: 1s}
  stt.language: {pattern: "en|fr"}
  floor.preset: any
  floor.welcome: {max_length: 10, pattern: "[A-Z].*"}
"""

INSIDE = """\
about: A call of which clients may change what stands in mappings.
extends: voxtral
nodes:
  stt: {turn_detection: {end_threshold: 0.3, end_timeout: 4s}, otherwise: {use: voxtral_stt, turn_detection: {min_silence: 700ms}}}
  floor: {preset: patient, listening: {watchdog: 3s}}
  guard_in: {use: moderate_turns, after: floor, block: {jailbreaking: 0.4, pii: 0.8}}
allow:
  stt.turn_detection.end_threshold: {min: 0.2, max: 0.4}
  stt.turn_detection.eager_end_threshold: {min: 0.2, max: 0.6}
  floor.listening.silence: {min: 200ms, max: 1s}
  guard_in.block.pii: {min: 0.2, max: 0.9}
  floor.reminders: any
  floor.reminders.after: {max: 30s}
"""


@pytest.fixture
def spec(tmp_path: Path) -> GraphSpec:
    (tmp_path / "allowing.yaml").write_text(ALLOWING)
    return load(tmp_path / "allowing.yaml", {})


@pytest.fixture
def inside(tmp_path: Path) -> GraphSpec:
    (tmp_path / "inside.yaml").write_text(INSIDE)
    return load(tmp_path / "inside.yaml", {})


@pytest.mark.parametrize(
    ("key", "value", "taken"),
    [
        ("tts.voice", "fr_marie_neutral", "fr_marie_neutral"),
        ("agent.temperature", 0.5, 0.5),
        ("agent.temperature", 1, 1.0),
        ("stt.target_streaming_delay", "480ms", 0.48),
        ("stt.language", "fr", "fr"),
        ("floor.preset", "patient", "patient"),
        ("floor.welcome", "Salut!", "Salut!"),
    ],
)
def test_what_is_allowed_is_in_effect_for_this_call_alone(spec: GraphSpec, key: str, value: Any, taken: Any) -> None:
    name, _, option = key.partition(".")
    before = spec.node(name).settings.effective()
    changed = with_settings(spec, {key: value})
    assert getattr(changed.node(name).settings, option) == taken
    assert spec.node(name).settings.effective() == before
    assert [node for node in changed.nodes if node.name != name] == [node for node in spec.nodes if node.name != name]


def test_a_stand_in_of_the_same_processor_takes_it_too(spec: GraphSpec) -> None:
    tts = with_settings(spec, {"tts.voice": "fr_marie_neutral"}).node("tts")
    voices = [choice.settings.effective()["voice"] for choice in tts.choices]
    assert voices == ["fr_marie_neutral", "fr_marie_neutral", "en-gb"]


@pytest.mark.parametrize(
    ("key", "value"), [("stt.turn_detection.end_threshold", 0.25), ("floor.listening.silence", "400ms"), ("guard_in.block.pii", 0.5)]
)
def test_what_stands_in_a_mapping_is_set_alone_and_the_rest_of_it_stays(inside: GraphSpec, key: str, value: Any) -> None:
    name, option, within = key.split(".")
    before = inside.node(name).settings.effective()
    changed = with_settings(inside, {key: value}).node(name).settings.effective()
    assert changed == {**before, option: {**before[option], within: value}}
    assert inside.node(name).settings.effective() == before


def test_in_a_stand_in_the_rest_of_the_mapping_is_its_own(inside: GraphSpec) -> None:
    stt = with_settings(inside, {"stt.turn_detection.end_threshold": 0.25}).node("stt")
    heard = [choice.settings.effective()["turn_detection"] for choice in stt.choices]
    assert [(each["end_threshold"], each["end_timeout"], each["min_silence"]) for each in heard] == [(0.25, "4s", "500ms"), (0.25, "3s", "700ms")]


def test_options_that_depend_on_each_other_are_set_at_once(inside: GraphSpec) -> None:
    wanted = {"stt.turn_detection.eager_end_threshold": 0.32, "stt.turn_detection.end_threshold": 0.25}
    detection = with_settings(inside, wanted).node("stt").settings.effective()["turn_detection"]
    assert (detection["eager_end_threshold"], detection["end_threshold"]) == (0.32, 0.25)


@pytest.mark.parametrize("order", [1, -1])
def test_a_mapping_and_what_stands_in_it_may_come_together(inside: GraphSpec, order: int) -> None:
    wanted: dict[str, Any] = {"floor.reminders": {"words": ["Hello?"]}, "floor.reminders.after": "20s"}
    reminders = with_settings(inside, dict(list(wanted.items())[::order])).node("floor").settings.effective()["reminders"]
    assert (reminders["words"], reminders["after"]) == (["Hello?"], "20s")


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("tts.voice", "en_paul", "'tts.voice' takes gb_jane_neutral or fr_marie_neutral, not 'en_paul'."),
        ("tts.voices", "en_paul", "'tts.voices' cannot be set here (did you mean 'tts.voice'?)"),
        ("agent.model", "mine", "'agent.model' cannot be set here: this graph allows agent.instructions, agent.temperature,"),
        ("agent.temperature", float("nan"), "'agent.temperature' cannot be nan:"),
        ("tts.expressiveness", float("inf"), "'tts.expressiveness' cannot be set so: Input should be a finite number."),
        ("agent.api_key", "k", "'agent.api_key' cannot be set here"),
        ("agent.base_url", "http://evil", "'agent.base_url' cannot be set here"),
        ("agent.temperature", 1.2, "'agent.temperature' takes at most 1, not 1.2."),
        ("agent.temperature", None, "'agent.temperature' takes at least 0, not None."),
        ("agent.temperature", "hot", "'agent.temperature' cannot be 'hot':"),
        ("agent.temperature", True, "'agent.temperature'"),
        ("agent.instructions", "x" * 31, "'agent.instructions' takes at most 30 characters, not 'xxx"),
        ("agent.instructions", {"en": "x" * 4000}, "'agent.instructions' takes at most 30 characters"),
        ("stt.target_streaming_delay", "2s", "'stt.target_streaming_delay' takes at most 1s, not '2s'."),
        ("stt.target_streaming_delay", 480, "a duration needs its unit: write 480ms or 480s"),
        ("stt.language", "de", "'stt.language' takes a text of the form en|fr, not 'de'."),
        ("floor.preset", "hasty", "'floor.preset' cannot be 'hasty'"),
        ("floor.welcome", "hello", "'floor.welcome' takes a text of the form"),
    ],
)
def test_the_rest_is_refused_with_the_option_and_what_is_allowed(spec: GraphSpec, key: str, value: Any, sentence: str) -> None:
    with pytest.raises(BadRequest) as caught:
        with_settings(spec, {key: value})
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("stt.turn_detection", {"end_threshold": 0.9}, "'stt.turn_detection' cannot be set here"),
        ("stt.turn_detection.end_threshold", 0.5, "'stt.turn_detection.end_threshold' takes at most 0.4, not 0.5."),
        ("stt.turn_detection.end_threshold", None, "'stt.turn_detection.end_threshold' cannot be None"),
        ("stt.turn_detection.min_silence", "1s", "'stt.turn_detection.min_silence' cannot be set here"),
        ("stt.turn_detection.eager_end_threshold", 0.25, "'stt.turn_detection.eager_end_threshold' cannot be set so: the thresholds must fall"),
        ("floor.listening.silence", "2s", "'floor.listening.silence' takes at most 1s, not '2s'."),
        ("floor.listening.silence", 400, "a duration needs its unit: write 400ms or 400s"),
        ("guard_in.block.pii", 1, "'guard_in.block.pii' takes at most 0.9, not 1."),
        ("guard_in.block.sexual", 0.5, "'guard_in.block.sexual' cannot be set here"),
    ],
)
def test_what_stands_in_a_mapping_has_limits_of_its_own(inside: GraphSpec, key: str, value: Any, sentence: str) -> None:
    with pytest.raises(BadRequest) as caught:
        with_settings(inside, {key: value})
    assert sentence in str(caught.value)


def test_a_graph_that_allows_nothing_says_so() -> None:
    with pytest.raises(BadRequest, match="the graph 'voxtral' lets clients set nothing"):
        with_settings(load("voxtral", {}), {"tts.voice": "gb_jane_neutral"})


def test_a_page_is_told_what_it_can_offer(spec: GraphSpec) -> None:
    offers = {offer["name"]: offer for offer in offered(spec)}
    assert offers["tts.voice"]["one_of"] == ["gb_jane_neutral", "fr_marie_neutral"]
    assert {name: offer["kind"] for name, offer in offers.items()} == {
        "tts.voice": "choice",
        "tts.expressiveness": "number",
        "agent.temperature": "number",
        "agent.instructions": "text",
        "stt.target_streaming_delay": "duration",
        "stt.language": "text",
        "floor.preset": "choice",
        "floor.welcome": "text",
    }
    assert offers["stt.target_streaming_delay"]["default"] == "240ms"
    assert (offers["agent.temperature"]["min"], offers["agent.temperature"]["max"]) == (0, 1)
    assert offers["floor.preset"]["one_of"] == ["eager", "balanced", "patient"]
    assert offers["tts.voice"]["about"].startswith("A preset voice")


def test_a_page_is_told_what_it_can_offer_of_what_stands_in_a_mapping(inside: GraphSpec) -> None:
    offers = {offer["name"]: offer for offer in offered(inside)}
    assert {name: offer["kind"] for name, offer in offers.items()} == {
        "stt.turn_detection.end_threshold": "number",
        "stt.turn_detection.eager_end_threshold": "number",
        "floor.listening.silence": "duration",
        "guard_in.block.pii": "number",
        "floor.reminders": "value",
        "floor.reminders.after": "duration",
    }
    threshold, silence, pii = (offers[name] for name in ("stt.turn_detection.end_threshold", "floor.listening.silence", "guard_in.block.pii"))
    assert (threshold["default"], threshold["min"], threshold["max"]) == (0.3, 0.2, 0.4)
    assert threshold["about"] == "It is over when speech is less likely than this."
    assert (silence["default"], silence["min"], silence["max"]) == ("800ms", "200ms", "1s")  # the preset's
    assert (pii["default"], pii["min"], pii["max"]) == (0.8, 0.2, 0.9)
    assert pii["about"].startswith("A threshold per category")


def test_what_a_variable_holds_is_not_told(tmp_path: Path) -> None:
    text = ALLOWING.replace("nodes:\n", "nodes:\n  floor: {welcome: '${GREETING}', listening: {silence: '${SILENCE}'}}\n")
    (tmp_path / "hidden.yaml").write_text(f"{text}  floor.listening.silence: any\n")
    spec = load(tmp_path / "hidden.yaml", {"GREETING": "Private", "SILENCE": "456ms"})
    offers = {offer["name"]: offer["default"] for offer in offered(spec)}
    assert "Private" not in str(offers)
    assert (offers["floor.welcome"], offers["floor.listening.silence"]) == (None, None)
