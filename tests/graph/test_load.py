from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicegraph.errors import GraphError, Mistake
from voicegraph.graph.load import load
from voicegraph.graph.registry import Registry
from voicegraph.graph.shipped import names

if TYPE_CHECKING:
    from tests.graph.conftest import Mistakes

PIECES = [*"{}[]:'\"\n\t#|>!%?~\\0é\x00", ": ", "  ", "- ", "&a", "*a", "${X}", "${", "$$"]
WORDS = "use from nodes after otherwise extends allow none null true -1 1e999 stt floor.turns page ./x.py:Y a:b".split()


def mistakes_in(path: Path, registry: Registry) -> Sequence[Mistake]:
    try:
        load(path, {"X": "x"}, registry)
    except GraphError as error:
        return error.mistakes or [Mistake(str(path), 0, 0, "")]
    return ()


def test_the_stages_are_told_one_at_a_time(mistakes: Mistakes, call: str) -> None:
    """Whoever has a tab in the file is not told of links that the tab has hidden."""
    links = call.replace("  jitter: {use: jitter_buffer, cushion: 60ms}\n", "")
    options = links.replace("mode: 2", "mode: 9")
    syntax = options.replace("  page:", "\tpage:")
    assert [told.split(": ", 1)[1][:12] for told in mistakes(links)] == ["'speaker' ne"]
    assert [told.split(": ", 1)[1][:12] for told in mistakes(options)] == ["'vad.mode' w"]
    assert [told.split(": ", 1)[1][:12] for told in mistakes(syntax)] == ["a tab: YAML "]


def test_a_graph_of_ones_own_is_a_path_and_a_bare_name_is_shipped(toys: Registry, tmp_path: Path, call: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(call)
    assert load(path, {}, toys).name == load(str(path), {}, toys).name == "mine"
    with pytest.raises(GraphError) as caught:
        load("mine", {}, toys)
    assert str(caught.value).startswith("mine:1:1: no shipped graph is called 'mine'")


def test_a_file_that_is_not_there_says_so(toys: Registry) -> None:
    with pytest.raises(GraphError) as caught:
        load("no/such.yaml", {}, toys)
    assert str(caught.value) == "no/such.yaml:1:1: there is no file no/such.yaml"


def test_nodes_keep_the_files_order_and_places(toys: Registry, tmp_path: Path, call: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(call)
    spec = load(path, {}, toys)
    assert [(node.name, node.position.line, node.position.column) for node in spec.nodes] == [
        (name, line, 3)
        for name, line in zip("caller resampler vad stt floor agent tts jitter speaker page".split(), (3, 4, 5, 6, 7, 8, 11, 12, 13, 14), strict=True)
    ]
    assert spec.node("agent").use == "mistral_agent"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_raises_graph_errors_and_nothing_else(data: st.DataObject, folder: Path, toys: Registry, call: str) -> None:
    text = call
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(PIECES) | st.sampled_from(WORDS) | st.text(max_size=4)) + text[end:]
    path = folder / "call.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for mistake in mistakes_in(path, toys):
        assert 1 <= mistake.line <= len(text.splitlines()) + 1
        assert mistake.column >= 1
        assert mistake.message


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_graph_of_swapped_lines_raises_graph_errors_and_nothing_else(data: st.DataObject, folder: Path, toys: Registry, call: str) -> None:
    lines = data.draw(st.permutations(call.splitlines(keepends=True)))
    path = folder / "lines.yaml"
    path.write_text("".join(lines[: data.draw(st.integers(0, len(lines)))]))
    assert all(mistake.message for mistake in mistakes_in(path, toys))


@pytest.mark.parametrize("name", names())
def test_the_shipped_graphs_check(name: str) -> None:
    spec = load(name, os.environ | {"MISTRAL_API_KEY": "x"})
    assert spec.about
    assert not spec.notes


GUIDE = Path(__file__).parents[2] / "docs" / "graphs.md"


def blocks(language: str) -> dict[str, str]:
    """The guide's examples that are whole files, by their name."""
    found = re.findall(rf"```{language}\n(# (\S+)\n.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return {name: text for text, name in found}


@pytest.mark.parametrize("name", blocks("yaml"))
def test_the_guides_examples_check(name: str, tmp_path: Path) -> None:
    for file, text in {**blocks("yaml"), **blocks("python")}.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert load(tmp_path / name, {}).nodes
