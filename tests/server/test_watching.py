"""Edits are told as soon as they are saved: with real files, and the operating system's own notices."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from voicegraph.server.catalogue import Catalogue
from voicegraph.server.watching import folders, watch

ECHO = """\
about: Hear yourself.
nodes:
  caller: webrtc_in
  echo: echo
  jitter: {use: jitter_buffer, cushion: 20ms}
  speaker: webrtc_out
"""
LATER = ECHO.replace("20ms", "40ms")
LIMIT = 10.0


class Told(logging.Handler):
    """The log, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._loop.call_soon_threadsafe(self._more.set)

    async def until(self, *parts: str) -> None:
        """Wait until each of these has been told, in any order, and forget what was told."""
        async with asyncio.timeout(LIMIT):
            while not all(any(part in line for line in self.lines) for part in parts):
                self._more.clear()
                await self._more.wait()
        self.lines.clear()


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    """A folder with a graph that is right and one that is not, which tells when the watching has begun."""
    folder = tmp_path / "graphs"
    folder.mkdir()
    (folder / "mine.yaml").write_text(ECHO)
    (folder / "wrong.yaml").write_text(ECHO.replace("echo: echo", "echo: ecko"))
    return folder


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    handler, logger = Told(), logging.getLogger("voicegraph.server")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.fixture
async def catalogue(graphs: Path, told: Told) -> AsyncIterator[Catalogue]:
    """Of the folder, watched."""
    catalogue = Catalogue({}, folder=graphs)
    task = asyncio.create_task(watch(catalogue))
    await told.until("ecko")
    yield catalogue
    task.cancel()
    await asyncio.wait([task])


async def test_a_save_is_told_with_its_version(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    (graphs / "mine.yaml").write_text(LATER)
    await told.until("mine.yaml: version 2 (")
    assert (await catalogue.spec("mine")).node("jitter").written["cushion"] == "40ms"


async def test_a_mistake_is_told_with_its_place(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    (graphs / "mine.yaml").write_text(ECHO.replace("20ms", "20"))
    await told.until(f"{graphs}/mine.yaml:5:41: 'jitter.cushion': a duration needs its unit", "mine.yaml: calls go on with version 1 (")
    assert (await catalogue.spec("mine")).node("jitter").written["cushion"] == "20ms"
    listed = {graph["name"]: graph for graph in await catalogue.listing()}
    assert listed["mine"]["ready"]
    assert listed["mine"]["mistakes"][0].startswith("mine.yaml:5:41: ")
    assert listed["mine"]["version"]["number"] == 1


async def test_an_editor_that_saves_by_renaming_is_followed(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    for number, text in ((2, LATER), (3, ECHO)):
        (graphs / ".mine.yaml.new").write_text(text)
        (graphs / ".mine.yaml.new").replace(graphs / "mine.yaml")
        await told.until(f"mine.yaml: version {number} (")


async def test_graphs_come_and_go(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    (graphs / "other.yaml").write_text(ECHO)
    await told.until("other is offered now")
    (graphs / "other.yaml").rename(graphs / "another.yaml")
    await told.until("other is no longer offered", "another is offered now")
    (graphs / "another.yaml").unlink()
    await told.until("another is no longer offered")
    assert [graph["name"] for graph in await catalogue.listing()] == ["mine", "wrong"]


async def test_what_a_graph_stands_on_is_watched_wherever_it_is(catalogue: Catalogue, graphs: Path, told: Told, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "base.yaml").write_text(ECHO)
    (graphs / "on_base.yaml").write_text("extends: ../elsewhere/base.yaml\n")
    await told.until("on_base is offered now")
    (elsewhere / "base.yaml").write_text(LATER)
    await told.until("on_base.yaml: version 2 (")


async def test_a_link_that_is_turned_to_another_file_is_a_change(catalogue: Catalogue, graphs: Path, told: Told, tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: mine.yaml → ..data/mine.yaml, ..data → a folder per version."""
    for name, text in (("one", ECHO), ("two", LATER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "linked.yaml").write_text(text)
    (graphs / "..data").symlink_to(tmp_path / "one")
    (graphs / "linked.yaml").symlink_to("..data/linked.yaml")
    await told.until("linked is offered now")
    (graphs / "..new").symlink_to(tmp_path / "two")
    (graphs / "..new").replace(graphs / "..data")
    await told.until("linked.yaml: version 2 (")


async def test_a_folder_that_is_made_anew_is_watched_again(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    shutil.rmtree(graphs)
    await told.until("mine is no longer offered", "wrong is no longer offered")
    graphs.mkdir()  # noqa: ASYNC240  # of a test
    (graphs / "fresh.yaml").write_text(ECHO)
    await told.until("fresh is offered now")
    (graphs / "fresh.yaml").write_text(LATER)
    await told.until("fresh.yaml: version 2 (")


async def test_drafts_and_bases_are_not_offered(catalogue: Catalogue, graphs: Path, told: Told) -> None:
    for name in ("_base.yaml", ".#mine.yaml", "notes.txt", "mine.yaml~"):
        (graphs / name).write_text(ECHO)
    (graphs / "seen.yml").write_text(ECHO)
    await told.until("seen is offered now")
    assert [graph["name"] for graph in await catalogue.listing()] == ["mine", "seen", "wrong"]


def test_a_file_shows_its_changes_in_its_folder_and_along_its_links(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to("real")
    assert set(folders(tmp_path / "link" / "a.yaml")) == {tmp_path / "link", tmp_path, real}


def test_a_missing_folder_shows_in_the_nearest_that_is_there(tmp_path: Path) -> None:
    assert list(folders(tmp_path / "no" / "such" / "a.yaml")) == [tmp_path]


def test_links_that_lead_nowhere_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("c/c")
    assert {*folders(tmp_path / "a" / "x.yaml"), *folders(tmp_path / "c" / "x.yaml")} == {tmp_path}


def test_paths_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(folders(Path("a.yaml"))) == [Path(os.path.realpath(tmp_path))]
