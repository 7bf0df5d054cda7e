"""The graphs that come with voicegraph: `graphs/` in a checkout, inside the package in a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from voicegraph.graph.document import Scalar, read
from voicegraph.graph.report import Report


@dataclass(frozen=True, slots=True)
class Shipped:
    """A graph to choose from, and what it says about itself."""

    name: str
    about: str
    file: Path


def folder() -> Path:
    """Where the shipped graphs are."""
    package = Path(str(files("voicegraph")))
    installed = package / "_graphs"
    return installed if installed.is_dir() else package.parent / "graphs"


def names() -> Mapping[str, Path]:
    """Every shipped graph's file by its name."""
    return {file.stem: file for file in sorted(folder().glob("*.yaml"))}


def shipped() -> tuple[Shipped, ...]:
    """Every shipped graph, by name."""
    return tuple(Shipped(name, about(file), file) for name, file in names().items())


def about(file: Path) -> str:
    """A graph's `about` line, without checking anything else; empty when it has none or is not YAML."""
    document = read(file, Report())
    entry = document.root.entries.get("about") if document else None
    return entry.value.text.strip() if entry and isinstance(entry.value, Scalar) else ""
