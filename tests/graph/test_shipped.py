from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.graph import shipped


def abouts() -> dict[str, str]:
    """What every shipped graph says of itself."""
    return {name: shipped.about(file) for name, file in shipped.names().items()}


def test_the_shipped_graphs_are_found_by_name_and_say_what_they_are() -> None:
    assert abouts().keys() >= {"voxtral", "voxtral2", "local", "echo"}
    assert abouts()["voxtral"] == "Talk to Voxtral 3. Talk over it and it stops."
    assert shipped.names()["echo"].name == "echo.yaml"


def test_an_installed_package_has_its_graphs_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "voicegraph" / "_graphs"
    inside.mkdir(parents=True)
    (inside / "one.yaml").write_text("about: One.\nnodes: {}\n")
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path / package)
    assert abouts() == {"one": "One."}


def test_a_graph_that_is_broken_or_silent_is_still_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = tmp_path / "voicegraph" / "_graphs"
    graphs.mkdir(parents=True)
    for name, text in {"broken": "about: [", "empty": "", "silent": "nodes: {}\n", "list": "about: [a]\n"}.items():
        (graphs / f"{name}.yaml").write_text(text)
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path / package)
    assert abouts() == {"broken": "", "empty": "", "silent": "", "list": ""}
