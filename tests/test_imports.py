"""Imports run downward only, so that what is below can be understood, tested and used without what is above."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import voicegraph

ROOT = Path(voicegraph.__file__).parent

LAYERS = (
    {"errors"},
    {"core", "requestlog"},
    {"audio", "clock", "frames", "web"},
    {"graph"},
    {"mistral", "local", "tools"},
    {"backend"},
    {"processors"},
    {"rtc"},
    {"server", "offline", "oneway", "starter"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
"""From the bottom up. A package imports from the layers below its own, and from itself; `testing` from everywhere, and nobody from `testing`."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "testing")


def package(path: Path) -> str:
    """The package or module just below voicegraph that a file belongs to; "" for voicegraph itself."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import of a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            module = node.module or ""
            yield from ((node.lineno, f"{module}.{alias.name}" if module == "voicegraph" else module) for alias in node.names)


def upward(path: Path) -> Iterator[str]:
    here = package(path)
    for line, module in imported(path):
        root, _, rest = module.partition(".")
        there = rest.partition(".")[0]
        if root != "voicegraph" or there in ("", here, "__version__"):
            continue
        if there not in LEVEL or here == "" or LEVEL[there] >= LEVEL[here]:
            yield f"{path.relative_to(ROOT.parent)}:{line}: {here or 'voicegraph'} imports {module}"


def test_every_package_has_its_layer() -> None:
    assert {package(path) for path in FILES} - {""} <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward(path: Path) -> None:
    assert not list(upward(path))


@pytest.mark.parametrize("path", sorted((ROOT / "core").rglob("*.py")), ids=lambda path: path.name)
def test_core_needs_the_standard_library_and_numpy_only(path: Path) -> None:
    foreign = {module.partition(".")[0] for _, module in imported(path)} - set(sys.stdlib_module_names) - {"numpy", "voicegraph"}
    assert not foreign


@pytest.mark.parametrize("path", sorted((ROOT / "core").rglob("*.py")), ids=lambda path: path.name)
def test_core_has_no_loop_and_no_clock(path: Path) -> None:
    modules = {module.partition(".")[0] for _, module in imported(path)}
    assert not modules & {"asyncio", "threading", "time", "socket", "selectors"}
