"""Developer mode over HTTP: refused without --dev and to other pages; texts are checked, read, written and called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from tests.server.conftest import ECHO, Serve
from voicegraph.errors import BadRequest
from voicegraph.server.catalogue import Catalogue
from voicegraph.server.developer import OFF
from voicegraph.server.options import Options
from voicegraph.server.workshop import Workshop
from voicegraph.testing.caller import Caller, over_http

ELSEWHERE = "https://shop.example"
SHOUTING = ECHO.replace("Hear yourself.", "Hear yourself, changed.")


@pytest.fixture
async def dev(serve: Serve, folder: Path) -> TestServer:
    return await serve(Options(dev=folder))


class Client:
    """Asks one server; gives the status and the JSON of each answer."""

    def __init__(self, http: ClientSession, server: TestServer) -> None:
        self._http = http
        self._server = server

    async def __call__(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        async with self._http.request(method, self._server.make_url(path), json=body, headers=headers) as answer:
            found = await answer.json()
            assert isinstance(found, dict)
            if "etag" in found:
                assert answer.headers["ETag"] == found["etag"]
            return answer.status, found

    async def save(self, name: str, text: str, etag: str | None = None) -> tuple[int, dict[str, Any]]:
        return await self("PUT", f"/graphs/{name}/source", {"yaml": text}, {"If-Match": etag} if etag else {"If-None-Match": "*"})


@pytest.fixture
def ask(http: ClientSession, dev: TestServer) -> Client:
    return Client(http, dev)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/schema", None),
    ("GET", "/graphs/echo/source", None),
    ("PUT", "/graphs/echo/source", {"yaml": SHOUTING}),
    ("POST", "/check", {"yaml": ECHO, "name": "echo"}),
    ("POST", "/start", {"body": {"graph": "echo", "draft": ECHO}}),
]


class TestRefusals:
    @pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
    async def test_without_dev_everything_is_refused_and_says_how_to_switch_it_on(
        self, method: str, path: str, body: Any, http: ClientSession, server: TestServer, folder: Path
    ) -> None:
        status, found = await Client(http, server)(method, path, body, {"If-Match": '"x"'})
        assert (status, found["detail"]) == (403, OFF)
        assert "voicegraph serve --dev" in found["detail"]
        assert (folder / "echo.yaml").read_text() == ECHO

    @pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
    async def test_another_sites_page_is_refused_even_where_it_may_call(
        self, method: str, path: str, body: Any, http: ClientSession, serve: Serve, folder: Path
    ) -> None:
        dev = await serve(Options(dev=folder, allow_origins=["*"]))
        status, found = await Client(http, dev)(method, path, body, {"Origin": ELSEWHERE, "If-Match": '"x"'})
        assert status == 403
        assert "own page" in found["detail"]

    @pytest.mark.parametrize("origin", ["null", "http://localhost:1", "http://[", "file://"])
    async def test_so_are_pages_without_an_origin_of_their_own_and_those_of_other_ports(self, origin: str, ask: Client) -> None:
        status, _ = await ask("GET", "/schema", headers={"Origin": origin})
        assert status == 403

    async def test_a_request_that_another_site_makes_without_cors_is_refused(self, ask: Client) -> None:
        status, _ = await ask("GET", "/graphs/echo/source", headers={"Sec-Fetch-Site": "cross-site"})
        assert status == 403

    async def test_the_own_page_is_let_in(self, ask: Client, dev: TestServer) -> None:
        status, _ = await ask("GET", "/schema", headers={"Origin": str(dev.make_url("")).rstrip("/"), "Sec-Fetch-Site": "same-origin"})
        assert status == 200

    async def test_calls_of_the_graph_itself_need_no_developer(self, http: ClientSession, server: TestServer) -> None:
        status, _ = await Client(http, server)("POST", "/start", {"body": {"graph": "echo"}})
        assert status == 200


class TestTheGraph:
    async def test_its_settings_are_for_the_developer(self, ask: Client, http: ClientSession, serve: Serve) -> None:
        _, found = await ask("GET", "/graphs/echo")
        jitter = next(node for node in found["nodes"] if node["name"] == "jitter")
        assert {"name": "cushion", "value": "20ms", "written": True} in jitter["settings"]
        _, public = await Client(http, await serve(Options()))("GET", "/graphs/echo")
        assert "settings" not in public["nodes"][0]
        assert [node["name"] for node in public["nodes"]] == ["caller", "echo", "jitter", "speaker", "page"]

    async def test_it_is_shown_also_while_its_key_is_missing(self, ask: Client) -> None:
        status, found = await ask("GET", "/graphs/keyed")
        assert (status, found["name"]) == (200, "keyed")

    @pytest.mark.parametrize(("name", "expected"), [("wrong", 409), ("nowhere", 404), ("..%2Fecho", 404)])
    async def test_one_that_is_none_is_refused(self, name: str, expected: int, ask: Client) -> None:
        status, _ = await ask("GET", f"/graphs/{name}")
        assert status == expected

    async def test_the_list_says_whether_there_is_a_developer(self, ask: Client, http: ClientSession, serve: Serve) -> None:
        assert (await ask("GET", "/graphs"))[1]["dev"] is True
        assert (await Client(http, await serve(Options()))("GET", "/graphs"))[1]["dev"] is False


class TestChecking:
    async def test_a_good_text_gives_its_graph(self, ask: Client) -> None:
        status, found = await ask("POST", "/check", {"yaml": SHOUTING, "name": "echo"})
        assert status == 200
        assert found["mistakes"] == []
        assert found["graph"]["about"] == "Hear yourself, changed."
        assert found["problem"] is None

    async def test_every_mistake_has_its_place_to_underline(self, ask: Client) -> None:
        text = ECHO.replace("use: jitter_buffer", "use: jitter_bufer").replace("echo: echo", "echo: ecko")
        _, found = await ask("POST", "/check", {"yaml": text, "name": "echo"})
        lines = text.splitlines()
        marked = [lines[each["line"] - 1][each["column"] - 1 : each["end"] - 1] for each in found["mistakes"]]
        assert marked == ["ecko", "jitter_bufer"]
        assert all("did you mean" in each["message"] for each in found["mistakes"])
        assert found["graph"] is None

    async def test_text_that_is_no_yaml_is_told_so(self, ask: Client) -> None:
        _, found = await ask("POST", "/check", {"yaml": "nodes: {caller: webrtc_in", "name": "echo"})
        assert "never closed" in found["mistakes"][0]["message"]

    async def test_a_missing_key_is_a_problem_and_no_mistake(self, ask: Client, folder: Path) -> None:
        _, found = await ask("POST", "/check", {"yaml": (folder / "keyed.yaml").read_text(), "name": "keyed"})
        assert found["mistakes"] == []
        assert "MISTRAL_API_KEY" in found["problem"]

    async def test_files_beside_the_graph_are_found(self, ask: Client) -> None:
        _, found = await ask("POST", "/check", {"yaml": "extends: ./echo.yaml\nnodes:\n  late: {use: './refusing.py:Late'}\n", "name": "new"})
        assert found["mistakes"] == []

    async def test_a_mistake_in_another_file_names_it(self, ask: Client) -> None:
        _, found = await ask("POST", "/check", {"yaml": "extends: ./wrong.yaml\n", "name": "new"})
        assert [each["file"] for each in found["mistakes"]] == ["wrong.yaml"]

    @pytest.mark.parametrize("name", ["../echo", "a/b", ".hidden", "", "x" * 65, "a\\b", "a\0b"])
    async def test_a_name_that_leaves_the_folder_is_refused(self, name: str, ask: Client) -> None:
        status, _ = await ask("POST", "/check", {"yaml": ECHO, "name": name})
        assert status == 400

    async def test_nothing_is_written(self, ask: Client, folder: Path) -> None:
        before = _files(folder)
        await ask("POST", "/check", {"yaml": SHOUTING, "name": "echo"})
        await ask("POST", "/check", {"yaml": SHOUTING, "name": "fresh"})
        assert _files(folder) == before
        assert (folder / "echo.yaml").read_text() == ECHO


class TestSaving:
    async def test_the_text_is_kept_as_it_was_written(self, ask: Client, folder: Path) -> None:
        _, source = await ask("GET", "/graphs/echo/source")
        assert source["yaml"] == ECHO
        assert source["locked"] is None
        text = SHOUTING + "# a comment,   with  spaces — and more\n"
        status, saved = await ask.save("echo", text, source["etag"])
        assert (status, (folder / "echo.yaml").read_text(), saved["yaml"]) == (200, text, text)
        assert saved["etag"] != source["etag"]

    async def test_the_next_call_gets_it(self, ask: Client) -> None:
        _, source = await ask("GET", "/graphs/echo/source")
        await ask.save("echo", SHOUTING, source["etag"])
        assert (await ask("GET", "/graphs/echo"))[1]["about"] == "Hear yourself, changed."

    async def test_permissions_stay(self, ask: Client, folder: Path) -> None:
        (folder / "echo.yaml").chmod(0o640)
        _, source = await ask("GET", "/graphs/echo/source")
        await ask.save("echo", SHOUTING, source["etag"])
        assert (folder / "echo.yaml").stat().st_mode & 0o777 == 0o640

    async def test_a_symbolic_link_stays_one(self, ask: Client, folder: Path) -> None:
        (folder / "kept.yaml").write_text(ECHO)
        (folder / "echo.yaml").unlink()
        (folder / "echo.yaml").symlink_to(folder / "kept.yaml")
        _, source = await ask("GET", "/graphs/echo/source")
        await ask.save("echo", SHOUTING, source["etag"])
        assert (folder / "echo.yaml").is_symlink()
        assert (folder / "kept.yaml").read_text() == SHOUTING

    async def test_line_ends_and_the_byte_order_mark_stay(self, ask: Client, folder: Path) -> None:
        (folder / "echo.yaml").write_bytes(b"\xef\xbb\xbf" + ECHO.replace("\n", "\r\n").encode())
        _, source = await ask("GET", "/graphs/echo/source")
        assert source["yaml"] == ECHO
        await ask.save("echo", SHOUTING, source["etag"])
        assert (folder / "echo.yaml").read_bytes() == b"\xef\xbb\xbf" + SHOUTING.replace("\n", "\r\n").encode()

    async def test_an_edit_in_another_editor_is_not_lost(self, ask: Client, folder: Path) -> None:
        _, source = await ask("GET", "/graphs/echo/source")
        theirs = ECHO.replace("20ms", "40ms")
        (folder / "echo.yaml").write_text(theirs)
        status, found = await ask.save("echo", SHOUTING, source["etag"])
        assert status == 412
        assert "another editor" in found["detail"]
        assert (folder / "echo.yaml").read_text() == theirs

    async def test_a_deleted_file_is_a_conflict_too(self, ask: Client, folder: Path) -> None:
        _, source = await ask("GET", "/graphs/echo/source")
        (folder / "echo.yaml").unlink()
        assert (await ask.save("echo", SHOUTING, source["etag"]))[0] == 412
        assert (await ask("GET", "/graphs/echo/source"))[0] == 409

    async def test_without_a_version_nothing_is_written(self, ask: Client, folder: Path) -> None:
        status, _ = await ask("PUT", "/graphs/echo/source", {"yaml": SHOUTING})
        assert status == 428
        assert (folder / "echo.yaml").read_text() == ECHO

    async def test_a_text_with_mistakes_is_not_written(self, ask: Client, folder: Path) -> None:
        before = _files(folder)
        _, source = await ask("GET", "/graphs/echo/source")
        status, found = await ask.save("echo", ECHO.replace("echo: echo", "echo: ecko"), source["etag"])
        assert status == 422
        assert "on line 5: " in found["detail"]
        assert "ecko" in found["detail"]
        assert (folder / "echo.yaml").read_text() == ECHO
        assert _files(folder) == before

    async def test_a_graph_with_mistakes_can_be_mended(self, ask: Client, folder: Path) -> None:
        _, source = await ask("GET", "/graphs/wrong/source")
        assert (await ask.save("wrong", ECHO, source["etag"]))[0] == 200
        assert (await ask("POST", "/start", {"body": {"graph": "wrong"}}))[0] == 200

    async def test_a_new_graph_is_offered_at_once(self, ask: Client, folder: Path) -> None:
        status, saved = await ask.save("fresh", SHOUTING)
        assert (status, saved["file"]) == (200, str(folder / "fresh.yaml"))
        assert "fresh" in [graph["name"] for graph in (await ask("GET", "/graphs"))[1]["graphs"]]
        assert (await ask("POST", "/start", {"body": {"graph": "fresh"}}))[0] == 200

    async def test_a_new_graph_takes_nobodys_place(self, ask: Client, folder: Path) -> None:
        status, found = await ask.save("echo", SHOUTING)
        assert status == 412
        assert "already" in found["detail"]
        (folder / "unserved.yaml").write_text("mine")
        assert (await ask.save("unserved", SHOUTING))[0] == 412
        assert (folder / "unserved.yaml").read_text() == "mine"

    @pytest.mark.parametrize("name", ["..%2Fout", "%2E%2E%2Fout", "a%2Fb", ".hidden", "a%00b", "con%5Cfig"])
    async def test_a_name_that_leaves_the_folder_is_refused(self, name: str, ask: Client, folder: Path) -> None:
        before = _files(folder.parent)
        status, _ = await ask.save(name, ECHO)
        assert status in (400, 404)
        assert _files(folder.parent) == before

    def test_what_came_with_the_program_is_saved_under_another_name(
        self, catalogue: Catalogue, folder: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        workshop = Workshop(catalogue, tmp_path_factory.mktemp("mine"), sealed=folder)
        source = workshop.source("echo")
        assert source.locked is not None
        assert "another name" in source.locked
        with pytest.raises(BadRequest) as refusal:
            workshop.save("echo", SHOUTING, source.etag)
        assert (refusal.value.status, str(refusal.value)) == (403, source.locked)
        assert (folder / "echo.yaml").read_text() == ECHO
        assert workshop.save("mine", SHOUTING, None).locked is None

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
    async def test_a_file_that_may_not_be_written_says_so_before(self, ask: Client, folder: Path) -> None:
        (folder / "echo.yaml").chmod(0o444)
        _, source = await ask("GET", "/graphs/echo/source")
        assert "may not be written" in source["locked"]

    async def test_a_folder_that_takes_nothing_is_told_with_its_reason(self, ask: Client, serve: Serve, http: ClientSession, folder: Path) -> None:
        gone = await serve(Options(dev=folder / "gone"))
        status, found = await Client(http, gone).save("fresh", ECHO)
        assert status == 409
        assert "cannot be written: No such file or directory" in found["detail"]


class TestTrying:
    async def test_a_call_gets_the_text_and_the_file_stays(self, ask: Client, dev: TestServer, folder: Path) -> None:
        async with Caller(over_http(str(dev.make_url("")).rstrip("/"), {"body": {"graph": "echo", "draft": SHOUTING}})) as caller:
            caller.send("client-message", {"t": "watch", "d": {"on": True}})
            graph = await caller.wait_for("server-message", where=lambda told: told.data["t"] == "graph")
            assert graph.data["d"]["about"] == "Hear yourself, changed."
        assert (await ask("GET", "/graphs/echo"))[1]["about"] == "Hear yourself."

    async def test_what_stands_beside_the_file_is_found(self, ask: Client) -> None:
        draft = "extends: ./echo.yaml\nnodes:\n  late: {use: './refusing.py:Late'}\n"
        assert (await ask("POST", "/start", {"body": {"graph": "echo2", "draft": draft}}))[0] == 200

    async def test_a_text_with_mistakes_is_told_its_first(self, ask: Client) -> None:
        status, found = await ask("POST", "/start", {"body": {"graph": "echo", "draft": ECHO.replace("echo: echo", "echo: ecko")}})
        assert status == 409
        assert "on line 5: " in found["detail"]

    async def test_a_text_whose_key_is_missing_is_told_so(self, ask: Client, folder: Path) -> None:
        status, found = await ask("POST", "/start", {"body": {"graph": "keyed", "draft": (folder / "keyed.yaml").read_text()}})
        assert status == 409
        assert "MISTRAL_API_KEY" in found["detail"]
