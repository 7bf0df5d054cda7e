from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from voicegraph.testing.mistral import Delays, MistralServer, Script

Call = Callable[..., AbstractAsyncContextManager[Any]]
QUICK = Delays(final=0.01, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000)
SCRIPT = Script(utterances=["where is the station"], replies=["Over there."])


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_quick_words_drive_the_agent_and_sure_ones_the_record(call: Call, tmp_path: Path) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("dual_delay", server) as caller:
        await caller.say(silence=3.0)
        await caller.until(lambda: any(caption["final"] for caption in caller.messages("caption")))
        assert caller.heard == ["Over there."]
        assert caller.messages("user-transcription") == []
    written = [json.loads(line) for line in (tmp_path / "transcripts" / "test.jsonl").read_text().splitlines()]
    assert {(entry["who"], entry["text"]) for entry in written} == {("caller", "where is the station"), ("agent", "Over there.")}


async def test_captions_need_no_agent(call: Call) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, call("captions", server) as caller:
        await caller.speak(2.0, silence=3.0)
        await caller.until(lambda: any(caption["final"] for caption in caller.messages("caption")))
        captions = caller.messages("caption")
    assert captions[0]["ahead"].split() == "where is the station".split()[: len(captions[0]["ahead"].split())]
    assert [(each["settled"], each["ahead"]) for each in captions if each["final"]] == [("where is the station", "")]
