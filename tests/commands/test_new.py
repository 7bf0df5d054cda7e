"""`voicegraph new`: what it writes is right as it is, and with every suggestion taken."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from voicegraph.cli import main
from voicegraph.graph.document import parse
from voicegraph.graph.load import load
from voicegraph.graph.report import Report
from voicegraph.graph.shipped import names


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_graph_is_there_at_once_and_says_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine"]) == 0
    assert "voicegraph serve --graph mine.yaml" in capsys.readouterr().out
    mine = load("./mine.yaml")
    assert mine.node("floor").written["welcome"] == "Hello! What can I do for you?"
    assert [node.name for node in mine.nodes] == [node.name for node in load("local").nodes]


@pytest.mark.parametrize("base", names())
def test_every_suggestion_in_it_may_be_taken(base: str) -> None:
    assert main(["new", "mine.yaml", "--from", base]) == 0
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(re.sub(r"^  # (\w+: \{.*)$", r"  \1", text, flags=re.MULTILINE))
    mine = load("./mine.yaml")
    assert "recorder" in {node.use for node in mine.nodes}
    for node in load(base).nodes:
        if not node.processor.owns_floor:
            assert mine.node(node.name).written == node.written


def test_one_may_begin_with_a_graph_of_ones_own(tmp_path: Path) -> None:
    assert main(["new", "mine"]) == 0
    assert main(["new", "deep/er/two", "--from", "mine.yaml"]) == 0
    assert "extends: ../../mine.yaml\n" in Path("deep/er/two.yaml").read_text()
    assert load("./deep/er/two.yaml").files[1].resolve() == tmp_path / "mine.yaml"


@pytest.mark.parametrize("base", names())
def test_a_copy_keeps_every_comment_and_the_order(base: str) -> None:
    assert main(["new", "mine", "--from", base, "--copy"]) == 0
    was, now = names()[base].read_text().splitlines(), Path("mine.yaml").read_text().splitlines()
    assert [line for line in now if line not in was] == ["about: Say here in one line what a caller can expect."]
    assert [line for line in was if line not in now] == [line for line in was if line.startswith("about:")]
    assert [(node.use, node.written) for node in load("./mine.yaml").nodes] == [(node.use, node.written) for node in load(base).nodes]


def test_what_a_copy_names_beside_it_comes_along() -> None:
    for name in ("mine", "another"):
        assert main(["new", name, "--from", "tools", "--copy"]) == 0
    assert Path("tools.py").read_text() == names()["tools"].with_name("tools.py").read_text()
    Path("tools.py").write_text("my work")
    assert main(["new", "third", "--from", "tools", "--copy"]) == 1
    assert Path("tools.py").read_text() == "my work"
    assert not Path("third.yaml").exists()


@pytest.mark.parametrize("arguments", [["new", "mine"], ["new", "mine", "--copy"]])
def test_what_is_there_is_left_alone(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("my work")
    assert main(arguments) == 1
    assert capsys.readouterr().err == "mine.yaml is there already: choose another name, or remove it.\n"
    assert Path("mine.yaml").read_text() == "my work"


def test_of_two_files_one_that_is_there_keeps_both_from_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test_shout.py").write_text("my work")
    assert main(["new", "shout", "--processor"]) == 1
    assert not Path("shout.py").exists()


@pytest.mark.parametrize("name", ["shout", "two_words", "shout.py"])
def test_a_processor_passes_its_test_at_once(name: str, tmp_path: Path) -> None:
    assert main(["new", name, "--processor"]) == 0
    module = name.removesuffix(".py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", f"test_{module}.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_processor_is_as_this_project_would_have_it(tmp_path: Path) -> None:
    assert main(["new", "shout", "--processor"]) == 0
    for command in (["check", "--isolated", "--select", "E,F,W,I,B,UP,RUF"], ["format", "--isolated", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "--line-length", "120", "."], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_its_docstring_has_a_line_for_a_graph(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "shout", "--processor"]) == 0
    assert main(["explain", "./shout.py:Shout"]) == 0
    example = capsys.readouterr().out.partition("For example:\n")[2]
    assert parse(Path("example"), example, Report()) is not None
    Path("mine.yaml").write_text(f"extends: local\nnodes:\n{example}")
    assert load("./mine.yaml").node("shout").written == {"style": "upper"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["new", "Shout", "--processor"], "'Shout' is no name for a Python file: small letters, digits and _, a letter first.\n"),
        (["new", "shout", "--processor", "--copy"], "A processor is made from nothing: leave --from and --copy out.\n"),
        (["new", "mine", "--from", "voxtrall"], "no shipped graph is called 'voxtrall' (did you mean 'voxtral'?)"),
    ],
)
def test_what_cannot_be_made_says_why(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err
    assert list(Path().iterdir()) == []
