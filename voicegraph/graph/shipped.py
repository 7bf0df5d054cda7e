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
    return installed() or _package().parent / "graphs"


def installed() -> Path | None:
    """Their folder when it is inside the package, where they are not anybody's to change; None in a checkout."""
    inside = _package() / "_graphs"
    return inside if inside.is_dir() else None


def _package() -> Path:
    return Path(str(files("voicegraph")))


def names() -> Mapping[str, Path]:
    """Every shipped graph's file by its name."""
    return {file.stem: file for file in sorted(folder().glob("*.yaml"))}


def about(file: Path) -> str:
    """A graph's `about` line, without checking anything else; empty when it has none or is not YAML."""
    document = read(file, Report(), Sources())
    entry = document.root.entries.get("about") if document else None
    return entry.value.text.strip() if entry and isinstance(entry.value, Scalar) else ""
