"""`voicegraph explain`, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicegraph.cli import main

SHOUT = '''
from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Shout(Processor):
    """Say everything in capitals."""
    words = In(ReplyText)
    loud = Out(ReplyText)

    def on_words(self, text: ReplyText) -> None: ...
'''


def test_a_processor_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "webrtcvad"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("webrtcvad: Says when speech started and stopped")
    assert "  takes audio: CallerAudio, 8000, 16000, 32000 or 48000 Hz\n  gives speech: Speech\n" in out
    assert "  start: a number with its unit, such as 240ms or 2s; default 60ms\n      Speech needed before it counts as started." in out
    assert "    use: webrtcvad\n" in out


def test_a_node_is_explained_with_what_is_in_effect_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("extends: voxtral\nnodes:\n  vad: {mode: 3}\n")
    assert main(["explain", "mine.yaml:vad"]) == 0
    out = capsys.readouterr().out
    assert "'vad' (mine.yaml:3):\n  audio <- resampler.audio  CallerAudio 16000 Hz\n" in out
    assert "  mode: 3       mine.yaml:3\n  start: 60ms   default\n" in out


def test_ones_own_processor_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shout.py").write_text(SHOUT)
    assert main(["explain", "./shout.py:Shout"]) == 0
    assert capsys.readouterr().out.startswith("./shout.py:Shout: Say everything in capitals.\n\n  takes words: ReplyText\n  gives loud: ReplyText\n")


def test_without_a_name_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()][:3] == ["backend_agent", "clip", "dual_delay"]


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json", "voxtral:vad"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["options"][1]["default"] == "60ms"
    assert [each["option"] for each in found["node"]["options"]] == ["mode", "start", "stop", "floor"]
    assert main(["explain", "--json"]) == 0
    assert "webrtcvad" in [each["name"] for each in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("webrtcvda", "no processor is called 'webrtcvda' (did you mean 'webrtcvad'?); one of your own is written ./file.py:Class"),
        (
            "voxtral:vda",
            "voxtral has no node 'vda' (did you mean 'vad'?): it has caller, resampler, vad, stt, floor, agent, tts, jitter, speaker and page.",
        ),
        ("./no.py:Loud", "no.py cannot be read: No such file or directory"),
    ],
)
def test_what_is_not_there_is_told(what: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", what]) == 1
    assert capsys.readouterr().err == f"{sentence}\n"
