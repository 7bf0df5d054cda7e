"""docs/reference/ says what the classes say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES: dict[str, str] = runpy.run_path(str(DOCS / "reference.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_classes_say(name: str) -> None:
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == PAGES[name], "stale: make reference"


def test_there_are_no_other_pages() -> None:
    assert {file.name for file in (DOCS / "reference").iterdir()} == PAGES.keys()


def test_every_kind_that_a_port_has_is_on_the_page_of_frames() -> None:
    kinds = {heading.lower() for heading in re.findall(r"^## (\w+)$", PAGES["frames.md"], re.MULTILINE)}
    linked = set(re.findall(r"frames\.md#(\w+)", PAGES["processors.md"]))
    assert linked <= kinds
