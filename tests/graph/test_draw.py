"""A graph as SVG, as Mermaid, and as the data that the page draws."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from voicegraph.graph.draw import draw
from voicegraph.graph.load import load
from voicegraph.graph.mermaid import mermaid
from voicegraph.graph.shipped import names
from voicegraph.graph.svg import svg
from voicegraph.testing.graphs import Part, graph

if TYPE_CHECKING:
    from tests.graph.conftest import Edit, Load

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", names())
def test_a_shipped_graph_is_drawn_whole(name: str) -> None:
    spec = load(name)
    drawing = draw(spec)
    assert [box.name for box in drawing.boxes] == [node.name for node in spec.nodes]
    drawn = [(curve.source, wire.out, curve.target, wire.into, wire.kind, wire.rate) for curve in drawing.curves for wire in curve.wires]
    assert sorted(drawn, key=str) == sorted(((k.source, k.out, k.target, k.into, k.kind.__name__, k.rate) for k in spec.links), key=str)


def test_it_is_data_that_json_can_carry(load_text: Load, edit: Edit) -> None:
    found = json.loads(json.dumps(draw(load_text(edit("page: page", "screen: page"))).json()))
    assert found["boxes"][0].keys() == {"name", "use", "side", "x", "y", "width", "height"}
    assert found["curves"][0].keys() == {"source", "target", "feedback", "wires", "path", "label", "x", "y"}
    assert found["curves"][0]["wires"] == [{"out": "audio", "into": "audio", "kind": "CallerAudio", "rate": 48000}]


def test_the_same_graph_is_always_drawn_the_same() -> None:
    assert draw(load("voxtral")) == draw(load("voxtral"))


def test_feedback_goes_up_and_everything_else_down() -> None:
    for curve in draw(load("voxtral")).curves:
        heights = [float(height) for height in re.findall(r"[ML ][\d.]+ ([\d.]+)(?= [CL]|$)", curve.path)]
        assert heights == sorted(heights, reverse=curve.feedback)
        assert curve.feedback == (curve.source == "speaker" and curve.target in ("floor", "agent"))


def test_a_node_says_which_side_of_the_call_it_works_on() -> None:
    sides = {box.name: box.side for box in draw(load("local")).boxes}
    assert sides == {
        "caller": "caller", "resampler": "caller", "vad": "caller", "stt": "caller", "floor": "floor", "agent": "reply",
        "tts": "reply", "upsampler": "reply", "jitter": "reply", "speaker": "reply", "page": "observer",
    }  # fmt: skip


def test_the_svg_stands_alone_in_light_and_dark() -> None:
    text = svg(draw(load("voxtral")))
    root = ElementTree.fromstring(text)
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?http", text)
    names = [element.text for element in root.iter(f"{SVG}text") if element.get("class") == "name"]
    assert names == ["caller", "resampler", "vad", "stt", "floor", "agent", "tts", "jitter", "speaker", "page"]
    assert len([path for path in root.iter(f"{SVG}path") if "feedback" in path.get("class", "")]) == 2
    assert "speaker gives Playout back to floor." in (root.findtext(f"{SVG}desc") or "")


def test_what_an_author_writes_is_text_and_not_markup(load_text: Load, edit: Edit) -> None:
    drawing = draw(load_text(edit("about: Talk, and be talked to.", 'about: "<script>alert(1)</script> & more"')))
    root = ElementTree.fromstring(svg(drawing))
    assert (root.findtext(f"{SVG}desc") or "").startswith("<script>alert(1)</script> & more")


def test_mermaid_has_a_line_for_each_node_and_link() -> None:
    lines = mermaid(draw(load("echo"))).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n_caller["caller<br/><small>webrtc_in</small>"]:::caller' in lines
    assert "  n_caller -- CallerAudio --> n_echo" in lines
    assert "  n_speaker -. Playout .-> n_floor" in mermaid(draw(load("voxtral"))).splitlines()


def test_a_graph_without_links_is_drawn_too() -> None:
    from voicegraph.processors.webrtc_in import WebrtcIn

    assert [box.name for box in draw(graph(Part("end", WebrtcIn))).boxes] == ["end"]
    assert 'n_end["end' in mermaid(draw(graph(Part("end", WebrtcIn))))
