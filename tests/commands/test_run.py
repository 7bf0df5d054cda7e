"""`voicegraph run` with a processor that promises too much; the rest is in test_cli.py."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from voicegraph.cli import main

ENDLESS = """\
import asyncio

from voicegraph.frames import CallerAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor


class Endless(Processor):
    virtual_time = True
    observer = True
    audio = In(CallerAudio)

    async def start(self) -> None:
        await asyncio.get_running_loop().create_future()

    def on_audio(self, audio: CallerAudio) -> None: ...
"""


@pytest.fixture
def question(tmp_path: Path) -> Path:
    file = tmp_path / "question.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(3200))
    return file


def test_a_node_that_does_not_start_ends_the_call_in_virtual_time_too(tmp_path: Path, question: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    graph = tmp_path / "mine.yaml"
    graph.write_text("extends: echo\nnodes:\n  endless: {use: './endless.py:Endless'}\n")
    assert main(["run", str(graph), "--in", str(question)]) == 1
    assert capsys.readouterr().err == "'endless' did not start within 10 s\n"
