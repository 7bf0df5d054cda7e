"""`voicegraph check` for programs; for people it is in test_cli.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voicegraph.cli import main


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["check", "--json", *arguments])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_several_files_are_checked_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("extends: echo\nnodes:\n  echo: {use: ecko}\n")
    code, found = checked(capsys, "echo", str(wrong), "voxtral2")
    assert code == 1
    assert [(graph["graph"], graph["ok"]) for graph in found["graphs"]] == [("echo", True), (str(wrong), False), ("voxtral2", True)]
    [mistake] = found["graphs"][1]["mistakes"]
    assert (mistake["file"], mistake["line"], mistake["column"]) == (str(wrong), 3, 15)
    assert found["mistakes"] == 1


def test_a_right_graph_has_its_nodes_links_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = checked(capsys, "echo")
    assert code == 0
    jitter = next(node for node in found["graphs"][0]["nodes"] if node["name"] == "jitter")
    assert jitter["use"] == "jitter_buffer"
    link = {"source": "echo", "out": "audio", "target": "jitter", "into": "audio", "kind": "ReplyAudio", "rate": 48000, "feedback": False}
    assert jitter["links"] == [link]
    cushion, ahead, *_ = jitter["options"]
    assert (cushion["value"], cushion["origin"], cushion["at"]["line"]) == ("20ms", "file", 14)
    assert (ahead["value"], ahead["origin"], ahead["at"]) == ("20s", "default", None)


def test_notes_are_no_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    keyed = tmp_path / "keyed.yaml"
    keyed.write_text("extends: voxtral\nnodes:\n  stt: {api_key: '${NO_SUCH_KEY}'}\n")
    code, found = checked(capsys, str(keyed))
    assert (code, found["mistakes"]) == (0, 0)
    assert found["graphs"][0]["notes"][0]["message"].startswith("NO_SUCH_KEY is not set")


def test_people_see_which_variable_a_value_comes_from_and_not_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_MODE", "1")
    monkeypatch.setenv("LANGUAGE", "")
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("extends: voxtral\nnodes:\n  vad: {mode: '${VAD_MODE}'}\n  stt: {language: '${LANGUAGE}'}\n")
    assert main(["check", "-v", "mine.yaml"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "mode: ${VAD_MODE} mine.yaml:3, from VAD_MODE" in lines
    assert "language: none default; LANGUAGE of mine.yaml:4 is empty or not set" in lines
    assert "speaking.duck: 80ms preset balanced" in lines


@pytest.mark.parametrize(("patience", "notes"), [("8s", 1), ("21s", 0)])
def test_a_limit_that_the_floor_never_lets_an_agent_reach_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], patience: str, notes: int
) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(f"extends: voxtral\nabout: x\nnodes:\n  floor: {{thinking: {{patience: {patience}}}}}\n  agent: {{first_token: 20s}}\n")
    code, found = checked(capsys, str(slow))
    told = [(note["line"], note["message"]) for note in found["graphs"][0]["notes"]]
    assert code == 0
    assert told == [(5, "'agent.first_token' is never reached: 'floor' gives a reply up after 8 s (thinking.patience)")][:notes]


def test_no_shipped_graph_has_such_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = checked(capsys, "backend", "failover", "voxtral", "voxtral2", "web_search", "tools")
    assert not [note for graph in found["graphs"] for note in graph["notes"] if "never reached" in note["message"]]
