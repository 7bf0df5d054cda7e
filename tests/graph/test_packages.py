"""Processors of installed packages: found by their entry points, imported when a graph names them, and no harm to graphs that do not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from voicegraph.errors import GraphError
from voicegraph.graph.load import load
from voicegraph.graph.registry import NotFound, Registry

LOUD = """\
from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Loud(Processor):
    words = In(ReplyText)
    loud = Out(ReplyText)

    def on_words(self, text: ReplyText) -> None: ...
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package where Python finds it: a module, and the dist-info that pip would write."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def installed(package: str, points: str, **modules: str) -> None:
        info = site / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[voicegraph.processors]\n{points}\n")
        for name, source in modules.items():
            (site / f"{name}.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)

    return installed


def graph(folder: Path, use: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(f"extends: local\nnodes:\n  loud: {{use: {use}, after: agent}}\n")
    return file


def told(file: Path) -> str:
    with pytest.raises(GraphError) as caught:
        load(file)
    [mistake] = caught.value.mistakes
    assert (mistake.line, mistake.column) == (3, 15)
    return mistake.message


def test_a_graph_names_it_like_any_other(install: Install, tmp_path: Path) -> None:
    install("acme-voice", "acme_loud = acme_a:Loud", acme_a=LOUD)
    assert load(graph(tmp_path, "acme_loud")).node("loud").processor.__module__ == "acme_a"
    assert "acme_loud" in Registry().names


def test_nothing_is_imported_before_a_graph_names_it(install: Install, tmp_path: Path) -> None:
    install("acme-voice", "acme_loud = acme_b:Loud", acme_b=LOUD)
    load("echo")
    assert "acme_b" not in sys.modules


@pytest.mark.parametrize(
    ("points", "source", "sentence"),
    [
        ("bad = acme_c:Loud", "import no_such_engine\n", "acme_c cannot be imported: ModuleNotFoundError: No module named 'no_such_engine'"),
        ("bad = acme_c:Loud", "raise SystemExit\n", "acme_c cannot be imported: SystemExit"),
        ("bad = acme_c:Quiet", LOUD, "acme_c has no class 'Quiet' (it has Loud)"),
        ("bad = acme_c:In", LOUD, "'In' in acme_c is not a Processor (it has Loud)"),
        ("bad = acme_c", LOUD, "it is registered without its class, as acme_c and not as acme_c:Class"),
        ("bad = acme_c:Loud", LOUD.replace("on_words", "on_word"), "acme_c cannot be imported: ContractError: Loud declares the input 'words'"),
    ],
)
def test_a_broken_package_is_told_where_it_is_named_and_nowhere_else(
    points: str, source: str, sentence: str, install: Install, tmp_path: Path
) -> None:
    install("acme-voice", points, acme_c=source)
    assert load("echo").nodes
    assert told(graph(tmp_path, "bad")).startswith(f"'bad' of the package acme-voice cannot be used: {sentence}")
    assert "bad" not in Registry().catalogue
    assert "echo" in Registry().catalogue


def test_two_packages_with_one_name_are_both_named(install: Install, tmp_path: Path) -> None:
    install("acme-voice", "loudly = acme_d:Loud", acme_d=LOUD)
    install("other-voice", "loudly = other_d:Loud", other_d=LOUD)
    sentence = told(graph(tmp_path, "loudly"))
    assert "the package acme-voice" in sentence
    assert "the package other-voice" in sentence
    assert load(graph(tmp_path, "'acme_d:Loud'")).node("loud").processor.__module__ == "acme_d"


def test_no_package_takes_a_name_of_voicegraphs_own_unnoticed(install: Install) -> None:
    install("acme-voice", "resampler = acme_e:Loud", acme_e=LOUD)
    with pytest.raises(NotFound) as caught:
        Registry().find("resampler", Path())
    assert str(caught.value) == (
        "'resampler' is what voicegraph itself and the package acme-voice call a processor of theirs: write use: acme_e:Loud, or uninstall one"
    )
    assert load("echo").nodes
