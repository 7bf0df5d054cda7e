from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from voicegraph.frames import Heard, Playing, TurnCue, Words
from voicegraph.processors.transcript import TranscriptRecord, TranscriptSettings
from voicegraph.testing.runner import OneNode


def entries(path: Path) -> list[dict[str, Any]]:
    return [{key: value for key, value in json.loads(line).items() if key != "t"} for line in path.read_text(encoding="utf-8").splitlines()]


async def test_final_words_and_what_was_heard_are_written_in_order(tmp_path: Path) -> None:
    async with OneNode(TranscriptRecord, {"path": f"{tmp_path}/calls/{{session}}.jsonl"}) as node:
        node.give("caller", Words(segment=0, text="Où", final=False), Words(segment=0, text="Où est-il ?", final=True, language="fr"))
        node.give("caller", TurnCue(segment=0, cue="end", t=1.0), Words(segment=1, text="", final=True))
        node.give("reply", Playing(reply=1, on=True), Heard(reply=1, text="Il est", samples=100, rate=24000, finished=False, why="interrupted"))
        await node.settle()
    assert entries(tmp_path / "calls" / "test.jsonl") == [
        {"who": "caller", "text": "Où est-il ?", "segment": 0, "language": "fr"},
        {"who": "agent", "text": "Il est", "finished": False},
    ]


async def test_a_file_that_cannot_be_written_is_told_once_and_the_call_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        async with OneNode(TranscriptRecord, {"path": f"{tmp_path}/file/{{session}}.jsonl"}) as node:
            node.give("caller", *(Words(segment=n, text="secret", final=True) for n in range(3)))
            await node.settle()
            assert node.failure is None
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


def test_each_call_needs_a_file_of_its_own() -> None:
    with pytest.raises(ValidationError, match="a file of its own"):
        TranscriptSettings(path="calls.jsonl")
