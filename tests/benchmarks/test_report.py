"""The README's numbers are what the files of the last runs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import Figure
from benchmarks.report import BEGIN, END, README, numbers, rewritten
from benchmarks.results import BENCH, PEERS, Part, Results


def test_the_readme_has_the_numbers_of_the_last_runs() -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme == rewritten(readme, numbers(Results.read(BENCH), Results.read(PEERS))), "run: make numbers"


def test_only_what_is_between_the_markers_is_written_anew() -> None:
    assert rewritten(f"before\n{BEGIN}old\n{END}after\n", "new\n") == f"before\n{BEGIN}\nnew\n\n{END}after\n"


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        rewritten("# voicegraph\n", "new\n")


def test_a_part_that_is_not_measured_stays_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    Results({"a": Part([Figure("one", "ms", [1])]), "b": Part([Figure("two", "ms", [2])], note="Quiet.")}).write(file)
    known = Results.read(file)
    known.parts["a"] = Part([Figure("one", "ms", [3])])
    known.write(file)
    assert [(figure.name, figure.median) for figure in Results.read(file).figures] == [("one", 3), ("two", 2)]
    assert "Quiet." in Results.read(file).said()
