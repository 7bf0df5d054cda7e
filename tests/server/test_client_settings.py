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


@pytest.fixture
def spec(tmp_path: Path) -> GraphSpec:
    (tmp_path / "allowing.yaml").write_text(ALLOWING)
    return load(tmp_path / "allowing.yaml", {})


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
    ("key", "value", "sentence"),
    [
        ("tts.voice", "en_paul", "'tts.voice' takes gb_jane_neutral or fr_marie_neutral, not 'en_paul'."),
        ("tts.voices", "en_paul", "'tts.voices' cannot be set here (did you mean 'tts.voice'?)"),
        ("agent.model", "mine", "'agent.model' cannot be set here: this graph allows agent.instructions, agent.temperature,"),
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


def test_what_a_variable_holds_is_not_told(tmp_path: Path) -> None:
    text = ALLOWING.replace("nodes:\n", "nodes:\n  floor: {welcome: '${GREETING}'}\n")
    (tmp_path / "hidden.yaml").write_text(text)
    spec = load(tmp_path / "hidden.yaml", {"GREETING": "Private"})
    assert "Private" not in str(offered(spec))
