"""A graph file through its edits."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from voicegraph.errors import GraphError
from voicegraph.server.versions import GraphFile

ECHO = """\
about: Hear yourself.
nodes:
  caller: webrtc_in
  echo: echo
  jitter: {use: jitter_buffer, cushion: 20ms}
  speaker: webrtc_out
"""
LOUD = """\
from voicegraph.frames import ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor

class Loud(Processor):
    by = 2
    quiet = In(ReplyAudio)
    audio = Out(ReplyAudio, rate="quiet")

    def on_quiet(self, audio: ReplyAudio) -> None: ...
"""
Save = Callable[..., None]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a file as an editor would that was closed some time ago; each save is a second later than the last."""
    saves = iter(range(1000))

    def write(name: str, text: str) -> None:
        file = tmp_path / name
        file.write_text(text)
        seconds = file.stat().st_mtime - 1000 + next(saves)
        os.utime(file, (seconds, seconds))

    return write


@pytest.fixture
def file(tmp_path: Path, save: Save) -> GraphFile:
    save("mine.yaml", ECHO)
    return GraphFile(tmp_path / "mine.yaml")


def cushion(file: GraphFile) -> object:
    return file.spec().node("jitter").written["cushion"]


def test_a_saved_file_is_taken_for_the_next_call(file: GraphFile, save: Save) -> None:
    running = file.spec()
    save("mine.yaml", ECHO.replace("20ms", "40ms"))
    assert cushion(file) == "40ms"
    assert running.node("jitter").written["cushion"] == "20ms"
    assert file.version is not None
    assert file.version.number == 2
    assert file.version.spec.version != running.version


def test_what_did_not_change_is_not_read_again(file: GraphFile) -> None:
    assert file.spec() is file.spec()


def test_saving_the_same_text_makes_no_new_version(file: GraphFile, save: Save) -> None:
    first = file.spec()
    save("mine.yaml", ECHO)
    assert file.spec() is first


def test_the_same_text_is_the_same_version_everywhere(file: GraphFile, tmp_path: Path) -> None:
    (tmp_path / "copy.yaml").write_text(ECHO)
    assert GraphFile(tmp_path / "copy.yaml").spec().version == file.spec().version


def test_a_broken_file_changes_nothing(file: GraphFile, save: Save) -> None:
    good = file.spec()
    save("mine.yaml", ECHO.replace("echo: echo", "echo: ecko"))
    assert file.spec() is good
    assert [str(mistake).partition(": ")[0] for mistake in file.mistakes] == [f"{file.path}:4:9"]
    save("mine.yaml", ECHO.replace("20ms", "60ms"))
    assert cushion(file) == "60ms"
    assert file.mistakes == ()


def test_a_file_that_was_never_right_says_why(tmp_path: Path, save: Save) -> None:
    save("mine.yaml", "nodes:\n  caller: webrtc_inn\n")
    file = GraphFile(tmp_path / "mine.yaml")
    for _ in range(2):
        with pytest.raises(GraphError, match="webrtc_inn"):
            file.spec()
    save("mine.yaml", ECHO)
    assert cushion(file) == "20ms"


def test_a_file_that_is_gone_leaves_its_last_version(file: GraphFile) -> None:
    good = file.spec()
    file.path.unlink()
    long_ago(file.path.parent)
    assert file.spec() is good
    assert "there is no file" in str(file.mistakes[0])


def test_a_base_is_part_of_it(tmp_path: Path, save: Save) -> None:
    save("base.yaml", ECHO)
    save("mine.yaml", "extends: ./base.yaml\nnodes:\n  echo: {}\n")
    file = GraphFile(tmp_path / "mine.yaml")
    assert cushion(file) == "20ms"
    save("base.yaml", ECHO.replace("20ms", "80ms"))
    assert cushion(file) == "80ms"


def test_a_base_that_comes_later_mends_it(tmp_path: Path, save: Save) -> None:
    save("mine.yaml", "extends: ./base.yaml\nnodes:\n  jitter: {cushion: 30ms}\n")
    file = GraphFile(tmp_path / "mine.yaml")
    with pytest.raises(GraphError, match="there is no file"):
        file.spec()
    save("base.yaml", ECHO)
    assert cushion(file) == "30ms"


def test_calls_keep_the_class_that_they_began_with(file: GraphFile, save: Save) -> None:
    save("loud.py", LOUD)
    save("mine.yaml", ECHO.replace("  jitter", "  loud: {use: './loud.py:Loud'}\n  jitter"))
    running = file.spec().node("loud").processor
    save("loud.py", LOUD.replace("by = 2", "by = 3"))
    assert (vars(running)["by"], vars(file.spec().node("loud").processor)["by"]) == (2, 3)
    save("loud.py", LOUD.replace("by = 2", "by = "))
    assert vars(file.spec().node("loud").processor)["by"] == 3
    assert "SyntaxError on line 6" in str(file.mistakes[0])


def test_a_file_that_is_being_written_is_waited_for(file: GraphFile) -> None:
    """What is there of it may be a graph by accident."""
    good = file.spec()
    file.path.write_text(ECHO.replace("20ms", "40ms"))
    assert file.spec() is good
    long_ago(file.path)
    assert cushion(file) == "40ms"


def test_between_the_two_steps_of_a_save_by_renaming_nothing_is_wrong(file: GraphFile) -> None:
    file.spec()
    file.path.rename(file.path.with_suffix(".bak"))
    file.spec()
    assert file.mistakes == ()


def test_a_clock_that_runs_ahead_does_not_hide_an_edit(file: GraphFile) -> None:
    file.spec()
    file.path.write_text(ECHO.replace("20ms", "40ms"))
    later = file.path.stat().st_mtime + 3600
    os.utime(file.path, (later, later))
    assert cushion(file) == "40ms"


class TestTheLog:
    @pytest.fixture(autouse=True)
    def _told(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "voicegraph.server.versions")

    def told(self, file: GraphFile, caplog: pytest.LogCaptureFixture) -> list[str]:
        caplog.clear()
        file.refresh()
        file.tell()
        file.tell()
        return caplog.messages

    def test_it_says_what_is_taken_and_what_is_not_once(self, file: GraphFile, save: Save, caplog: pytest.LogCaptureFixture) -> None:
        assert self.told(file, caplog) == []
        save("mine.yaml", ECHO.replace("20ms", "40ms"))
        [taken] = self.told(file, caplog)
        assert taken == f"mine.yaml: version 2 ({file.spec().version}) from the next call on"
        save("mine.yaml", ECHO.replace("20ms", "40"))
        wrong, kept = self.told(file, caplog)
        assert wrong == f"{file.path}:5:41: 'jitter.cushion': a duration needs its unit: write 40ms or 40s"
        assert kept == f"mine.yaml: calls go on with version 2 ({file.spec().version})"
        save("mine.yaml", ECHO)
        assert self.told(file, caplog)[0].startswith("mine.yaml: version 3 (")

    def test_what_a_call_found_first_is_told_as_well(self, file: GraphFile, save: Save, caplog: pytest.LogCaptureFixture) -> None:
        file.spec()
        save("mine.yaml", ECHO.replace("20ms", "40ms"))
        file.spec()
        assert len(self.told(file, caplog)) == 1

    def test_mending_it_to_what_it_was_is_told(self, file: GraphFile, save: Save, caplog: pytest.LogCaptureFixture) -> None:
        file.spec()
        save("mine.yaml", ECHO.replace("20ms", "40"))
        assert len(self.told(file, caplog)) == 2
        save("mine.yaml", ECHO)
        assert self.told(file, caplog) == [f"mine.yaml: right again, as version 1 ({file.spec().version})"]


def long_ago(path: Path) -> None:
    os.utime(path, (1e9, 1e9))
