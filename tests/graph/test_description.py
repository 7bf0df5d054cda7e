"""A graph as data, for a page that draws it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicegraph.graph.description import describe, first_sentence
from voicegraph.graph.load import load
from voicegraph.graph.shipped import names
from voicegraph.graph.sources import Sources


@pytest.mark.parametrize("name", names())
def test_every_shipped_graph_can_be_described_as_json(name: str) -> None:
    spec = load(name, {})
    found = json.loads(json.dumps(describe(spec, settings=True)))
    assert [node["name"] for node in found["nodes"]] == [node.name for node in spec.nodes] == [box["name"] for box in found["drawing"]["boxes"]]
    assert len(found["links"]) == len(spec.links)
    assert all(node["about"].endswith(".") for node in found["nodes"])


def test_nodes_have_ports_and_links_their_kinds() -> None:
    found = describe(load("voxtral", {}))
    stt = next(node for node in found["nodes"] if node["name"] == "stt")
    assert stt["inputs"] == [{"name": "audio", "kind": "CallerAudio", "linked": True}, {"name": "speech", "kind": "Speech", "linked": True}]
    page = next(node for node in found["nodes"] if node["name"] == "page")
    assert {"name": "captions", "kind": "Caption", "linked": False} in page["inputs"]
    assert {"name": "words", "kind": "Transcript"} in stt["outputs"]
    back = [link for link in found["links"] if link["feedback"]]
    assert {(link["source"], link["target"], link["kind"]) for link in back} == {("speaker", "floor", "Playout"), ("speaker", "agent", "Playout")}
    assert "settings" not in stt


def test_settings_show_what_is_written_and_nothing_of_the_environment() -> None:
    text = "extends: echo\nnodes:\n  stt: {use: voxtral_stt, after: caller, api_key: '${SECRET}', base_url: '${ADDRESS}'}\n  page: page\n"
    file = Path("mine.yaml")
    spec = load(file, {"SECRET": "very-secret", "ADDRESS": "https://models.example"}, sources=Sources({file: text}))
    stt = next(node for node in describe(spec, settings=True)["nodes"] if node["name"] == "stt")
    settings = {each["name"]: each for each in stt["settings"]}
    assert settings["api_key"] == {"name": "api_key", "value": "${SECRET}", "written": True}
    assert settings["base_url"]["value"] == "${ADDRESS}"
    assert not settings["model"]["written"]
    assert "very-secret" not in json.dumps(stt)


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Say everything in capitals.  `shout: {use: shout}`", "Say everything in capitals."),
        ("\n    Two lines\n    make one. And more.\n\n    Not this.", "Two lines make one."),
        ("No full stop\n\nNext.", "No full stop"),
        ("About voxtral.yaml and 3.5 s! Yes.", "About voxtral.yaml and 3.5 s!"),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_docstring(docstring: str, sentence: str) -> None:
    assert first_sentence(docstring) == sentence
