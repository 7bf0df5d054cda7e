"""Graphs and nodes that the pages of docs/ show: each works as it stands there, in the graph that the page is about."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.docs.conftest import DOCS, blocks
from voicegraph.errors import GraphError
from voicegraph.graph.document import Document, Fields, parse
from voicegraph.graph.extends import TOP_LEVEL
from voicegraph.graph.load import load
from voicegraph.graph.report import Report
from voicegraph.graph.settings import STRUCTURE

ELSEWHERE = {"reference/processors.md", "tutorial.md"}
"""The examples of the first are tested where they come from, the processors; the other is gone through as a whole, and makes a mistake on purpose."""


def graph_of(page: str, code: str) -> str | None:
    """The file that a reader makes of a block, extending whatever EXTENDED stands for. None for a piece of a node."""
    document = parse(Path(page), code, Report())
    if not isinstance(document, Document):
        return None
    entries = document.root.entries
    if set(entries) <= set(TOP_LEVEL):
        return code if "extends" in entries or "caller:" in code else EXTENDED + code
    if not set(entries) & set(STRUCTURE) and all(isinstance(entry.value, Fields) and "use" in entry.value.entries for entry in entries.values()):
        return f"{EXTENDED}nodes:\n{textwrap.indent(code, '  ')}"
    return None


EXTENDED = "extends: BASE\n"
PAGES = sorted({path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - ELSEWHERE)
SHOWN = [(page, text) for page in PAGES for block in blocks(page) if block.language == "yaml" and (text := graph_of(page, block.code))]


@pytest.mark.parametrize(("page", "text"), SHOWN, ids=[page for page, _ in SHOWN])
def test_a_graph_that_is_shown_has_no_mistakes(page: str, text: str, tmp_path: Path) -> None:
    """It extends the graph that the page is about, or adds to voxtral what makes it that graph."""
    for block in blocks(page):
        if block.language == "python" and block.file:
            (tmp_path / block.file).write_text(block.code)
    about, said = re.search(r"graphs/(\w+)\.yaml", (DOCS / page).read_text(encoding="utf-8")), list[str]()
    for base in dict.fromkeys([about[1] if about else "voxtral", "voxtral"]):
        (tmp_path / "shown.yaml").write_text(text.replace(EXTENDED, f"extends: {base}\n"))
        try:
            load(tmp_path / "shown.yaml", {})
        except GraphError as problem:
            said.append(str(problem))
        else:
            return
    pytest.fail("\n".join(said))


@pytest.mark.parametrize("page", ["graphs.md", "turn-taking.md", "assistants/push-to-talk.md", "assistants/tools.md"])
def test_pages_show_graphs(page: str) -> None:
    assert page in [shown for shown, _ in SHOWN]
