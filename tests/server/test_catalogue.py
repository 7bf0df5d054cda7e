"""Which graphs a server offers, and which of them a call gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicegraph.errors import BadRequest, GraphError
from voicegraph.graph.shipped import names
from voicegraph.server.catalogue import Catalogue, CatalogueError, open_catalogue

ECHO = """\
about: Hear yourself.
nodes:
  caller: webrtc_in
  echo: echo
  jitter: jitter_buffer
  speaker: webrtc_out
"""


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(ECHO)
    return tmp_path


def test_the_shipped_graphs_are_offered_unless_something_else_is_said() -> None:
    catalogue = open_catalogue()
    assert catalogue.graphs().keys() == names().keys()
    assert catalogue.default == "local"


def test_a_file_is_offered_beside_them_and_is_what_a_call_gets(folder: Path) -> None:
    catalogue = open_catalogue(str(folder / "a.yaml"))
    assert catalogue.graphs().keys() == {"a", *names()}
    assert (catalogue.default, catalogue.why) == ("a", "it was chosen")


async def test_a_folder_is_offered_whole_and_alone(folder: Path) -> None:
    catalogue = open_catalogue(folder=folder)
    assert catalogue.graphs().keys() == {"a", "b"}
    assert (catalogue.default, catalogue.why) == ("a", f"it is the first in {folder}")
    (folder / "c.yaml").write_text(ECHO)
    assert (await catalogue.spec("c")).name == "c"


def test_of_a_folder_one_may_be_chosen(folder: Path) -> None:
    assert open_catalogue("b", folder).default == "b"
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "c.yaml").write_text(ECHO)
    catalogue = open_catalogue(str(folder / "elsewhere" / "c.yaml"), folder)
    assert (catalogue.default, set(catalogue.graphs())) == ("c", {"a", "b", "c"})


async def test_an_empty_folder_waits_for_its_first_graph(tmp_path: Path) -> None:
    catalogue = open_catalogue(folder=tmp_path)
    assert catalogue.default == ""
    with pytest.raises(BadRequest, match="This server has no graph yet"):
        await catalogue.spec()
    (tmp_path / "first.yaml").write_text(ECHO)
    assert (await catalogue.spec()).name == "first"


async def test_an_unknown_name_is_answered_with_those_that_there_are(folder: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no graph 'aa' \(did you mean 'a'\?\): choose a or b\.") as caught:
        await Catalogue({}, folder=folder).spec("aa")
    assert caught.value.status == 404


def test_what_is_no_folder_and_what_is_one_are_told_apart(folder: Path) -> None:
    with pytest.raises(CatalogueError, match="is no folder: --graphs takes one with graph files in it"):
        open_catalogue(folder=folder / "a.yaml")
    with pytest.raises(CatalogueError, match=rf"{folder} is a folder: write --graphs {folder}\."):
        open_catalogue(str(folder))


def test_a_mistake_in_the_chosen_graph_is_told_before_there_is_a_server(folder: Path) -> None:
    (folder / "a.yaml").write_text(ECHO.replace("echo: echo", "echo: ecko"))
    for chosen in ("a", str(folder / "a.yaml")):
        with pytest.raises(GraphError, match="ecko"):
            open_catalogue(chosen, folder)


async def test_a_graph_whose_stand_ins_need_no_key_is_ready_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    ready = {graph["name"]: graph["ready"] for graph in await open_catalogue().listing()}
    assert ready["failover"]
    assert not ready["voxtral"]
