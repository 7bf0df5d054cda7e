"""`voicegraph graph`, as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.cli import main


def test_a_graph_comes_out_as_svg(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "echo"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")


@pytest.mark.parametrize(
    ("arguments", "file", "start"),
    [
        ([], "echo.svg", "<svg "),
        ([], "echo.mmd", "flowchart TD\n"),
        ([], "echo.md", "```mermaid\nflowchart TD\n"),
        (["--format", "mermaid"], "echo.txt", "flowchart TD\n"),
        (["--format", "svg"], "echo.md", "<svg "),
    ],
)
def test_the_name_of_the_file_says_what_it_is_to_be(arguments: list[str], file: str, start: str, tmp_path: Path) -> None:
    out = tmp_path / file
    assert main(["graph", "echo", "--out", str(out), *arguments]) == 0
    assert out.read_text().startswith(start)


def test_a_graph_with_mistakes_is_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("nodes:\n  caller: webrtc_inn\n")
    assert main(["graph", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"{file}:2:11: no processor is called 'webrtc_inn'")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "nowhere" / "echo.svg"
    assert main(["graph", "echo", "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"{out} cannot be written: No such file or directory.\n"
