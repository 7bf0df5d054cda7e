"""The files that a load has read: whether any has changed since, and what they come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.graph.sources import Sources


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    return path


def read(*files: Path) -> Sources:
    sources = Sources()
    for file in files:
        sources.read(file)
    return sources


def test_the_same_contents_are_the_same_version_wherever_they_stand(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "b.yaml"
    copy.write_text("one")
    assert read(file).version == read(copy).version
    assert read(file).version != read(file, copy).version


def test_contents_do_not_run_into_each_other(file: Path, tmp_path: Path) -> None:
    whole, empty = tmp_path / "b.yaml", tmp_path / "c.yaml"
    whole.write_text("oneone")
    empty.write_text("")
    assert read(file, file).version != read(whole, empty).version


def test_a_change_while_it_is_read_is_a_change(file: Path) -> None:
    sources = Sources()
    sources.note(file)
    file.write_text("two, and longer")
    assert sources.read(file) == b"two, and longer"
    assert sources.changed()


def test_a_file_that_comes_or_goes_is_a_change(file: Path, tmp_path: Path) -> None:
    sources = read(file)
    sources.note(tmp_path / "later.yaml")
    assert not sources.changed()
    (tmp_path / "later.yaml").write_text("now")
    assert sources.changed()
    sources = read(file)
    file.unlink()
    assert sources.changed()


def test_the_same_text_in_another_file_is_a_change(file: Path, tmp_path: Path) -> None:
    """As an editor saves that writes a new file and renames it, even within the clock's grain."""
    sources = read(file)
    other = tmp_path / "new"
    other.write_text("two")
    other.replace(file)
    assert sources.changed()
