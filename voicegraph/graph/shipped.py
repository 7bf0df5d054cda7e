"""The graphs that come with voicegraph: `graphs/` in a checkout, inside the package in a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from voicegraph.graph.document import Scalar, read
from voicegraph.graph.report import Report
from voicegraph.graph.sources import Sources


def folder() -> Path:
    """Where the shipped graphs are."""
    package = Path(str(files("voicegraph")))
    installed = package / "_graphs"
    return installed if installed.is_dir() else package.parent / "graphs"


def names() -> Mapping[str, Path]:
    """Every shipped graph's file by its name."""
    return {file.stem: file for file in sorted(folder().glob("*.yaml"))}


def about(file: Path) -> str:
    """A graph's `about` line, without checking anything else; empty when it has none or is not YAML."""
    document = read(file, Report(), Sources())
    entry = document.root.entries.get("about") if document else None
    return entry.value.text.strip() if entry and isinstance(entry.value, Scalar) else ""
