"""What the editor proposes at a place in a graph file; `|` is the cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page

from voicegraph.graph.schema import graph_schema

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

NODES = [{"name": "caller", "use": "webrtc_in"}, {"name": "stt", "use": "voxtral_stt"}, {"name": "floor", "use": "interruption"}]
PROPOSE = """async ([text, schema, nodes]) => {
  const { contextAt, Grammar } = await import("./completion.js");
  const context = contextAt(text.replace("|", ""), text.indexOf("|"));
  return context && new Grammar(schema).proposals(context, nodes, ["local", "voxtral"]).map(({ label }) => label);
}"""

CASES: list[tuple[str, set[str], set[str]]] = [
    # the text, what is among the proposals, what is not
    ("|", {"about", "nodes", "extends"}, {"use"}),
    ("about: x\nno|", {"nodes"}, {"about"}),
    ("extends: |", {"local", "voxtral"}, {"about"}),
    ("extends: voxtral\nnodes:\n  |", {"caller", "stt"}, {"use"}),
    ("extends: voxtral\nnodes:\n  stt: {}\n  |", {"caller"}, {"stt"}),
    ("nodes:\n  vad: web|", {"webrtcvad", "webrtc_in"}, {"mode"}),
    ("nodes:\n  vad: {use: |", {"webrtcvad"}, {"mode"}),
    ("nodes:\n  vad: {use: webrtcvad, |", {"mode", "from"}, {"use", "preset"}),
    ("nodes:\n  vad: {|, use: webrtcvad}", {"use"}, set()),
    ("nodes:\n  vad:\n    use: webrtcvad\n    |", {"mode", "from", "after"}, {"use"}),
    ("nodes:\n  vad:\n    |\n    use: webrtcvad", {"mode"}, {"use"}),
    ("nodes:\n  vad:\n    use: webrtcvad   # is somebody speaking?\n    mode: |", {"2"}, {"use"}),
    ("nodes:\n  floor:\n    use: interruption\n    preset: |", {"eager", "balanced", "patient"}, {"any"}),
    ("nodes:\n  floor:\n    use: interruption\n    speaking:\n      |", {"duck", "protect"}, {"preset"}),
    ("nodes:\n  floor: {use: interruption, speaking: {|", {"duck", "protect"}, {"preset"}),
    ("nodes:\n  floor: {use: interruption, speaking: {duck: 80ms, |", {"protect"}, {"duck"}),
    ("nodes:\n  floor: {use: interruption, speaking: {interruptible: |", {"true", "false"}, {"duck"}),
    ("extends: voxtral\nnodes:\n  floor: {|", {"preset", "welcome"}, {"mode_of_nothing"}),
    ("nodes:\n  floor:\n    use: interruption\n    from: |", {"caller", "stt"}, {"floor"}),
    ("nodes:\n  floor: {use: interruption, from: [stt, |", {"caller", "stt"}, {"floor"}),
    ("extends: voxtral\nnodes:\n  new: {use: webrtcvad, after: |", {"caller", "floor"}, {"new"}),
    ("nodes: {floor: {use: interruption, pre|", {"preset"}, {"use"}),
    ("allow:\n  |", {"floor.preset", "stt.model"}, {"preset"}),
    ("allow:\n  floor.preset: |", {"any"}, {"eager"}),
]
NOTHING = [
    "# no|",
    "about: x   # no|",
    "about: some words |",
    "nodes:\n  agent:\n    use: mistral_agent\n    instructions: |-\n      You are use: ¦",
    "nodes:\n  agent: {use: mistral_agent, instructions: 'a, us|",
]


@pytest.fixture
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(graph_schema()))
    return found


async def proposed(page: Page, text: str, schema: dict[str, Any]) -> list[str] | None:
    found: list[str] | None = await page.evaluate(PROPOSE, [text, schema, NODES])
    return found


@pytest.mark.browser
async def test_proposals_are_what_may_stand_there(serve: Serve, browse: Browse, schema: dict[str, Any]) -> None:
    async with serve() as server, browse(server.url) as visit:
        for text, among, absent in CASES:
            found = await proposed(visit.page, text, schema)
            assert found is not None, text
            assert among <= set(found), text
            assert not absent & set(found), text


@pytest.mark.browser
async def test_words_of_a_person_are_left_alone(serve: Serve, browse: Browse, schema: dict[str, Any]) -> None:
    async with serve() as server, browse(server.url) as visit:
        for text in NOTHING:
            cursor = text.replace("|", "\0").replace("¦", "|").replace("\0", "|") if "¦" not in text else text.replace("|-", ">-").replace("¦", "|")
            assert not await proposed(visit.page, cursor, schema), text
