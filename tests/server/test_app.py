"""The page, the lists, and who may call from where."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from voicegraph import __version__
from voicegraph.server.calls import Calls
from voicegraph.server.options import Options

Serve = Callable[[Options], Awaitable[TestServer]]
ELSEWHERE = "https://shop.example"


async def test_healthz_counts_calls_and_tasks(http: ClientSession, url: str) -> None:
    async with http.get(f"{url}/healthz") as answer:
        found = await answer.json()
        assert found.pop("tasks") >= 1
        assert found == {
            "status": "ok",
            "version": __version__,
            "calls": 0,
            "slots": 2,
            "draining": False,
            "workers": [{"name": "worker", "pid": os.getpid(), "calls": 0, "loop": {"beats": 0, "late_ms_max": 0.0, "blocked_5ms": 0}}],
        }


async def test_healthz_of_a_server_that_drains_keeps_new_calls_away(http: ClientSession, url: str, calls: Calls) -> None:
    calls.drain()
    async with http.get(f"{url}/healthz") as answer:
        assert answer.status == 503
        found = await answer.json()
    assert (found["status"], found["draining"]) == ("draining", True)


async def test_graphs_says_of_each_whether_it_can_run_and_why_not(http: ClientSession, url: str) -> None:
    async with http.get(f"{url}/graphs") as answer:
        graphs = {graph["name"]: graph for graph in (await answer.json())["graphs"]}
    version = graphs["echo"].pop("version")
    assert version["number"] == 1
    assert re.fullmatch(r"[0-9a-f]{8} 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{version['hash']} {version['since']}")
    assert graphs["wrong"]["version"] is None
    assert graphs["echo"] == {
        "name": "echo",
        "about": "Hear yourself.",
        "default": True,
        "ready": True,
        "problem": None,
        "mistakes": [],
        "settings": [],
    }
    assert not graphs["wrong"]["ready"]
    assert "ecko" in graphs["wrong"]["mistakes"][0]
    assert not graphs["keyed"]["ready"]
    assert "MISTRAL_API_KEY" in graphs["keyed"]["problem"]
    assert graphs["unpacked"]["problem"] == "'unpacked' needs the package no_such_engine: pip install 'voicegraph[local]'."


async def test_a_key_makes_a_graph_ready(http: ClientSession, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "very-secret")
    async with http.get(f"{url}/graphs") as answer:
        text = await answer.text()
        [keyed] = [graph for graph in (await answer.json())["graphs"] if graph["name"] == "keyed"]
    assert keyed["ready"]
    assert "very-secret" not in text


async def test_a_mended_file_is_read_again(http: ClientSession, url: str, folder: Path) -> None:
    wrong = folder / "wrong.yaml"
    wrong.write_text(wrong.read_text().replace("ecko", "echo"))
    async with http.post(f"{url}/start", json={"body": {"graph": "wrong"}}) as answer:
        assert answer.status == 200


class TestThePage:
    @pytest.mark.parametrize(("path", "kind"), [("/", "html"), ("/page.js", "javascript")])
    async def test_it_is_served(self, path: str, kind: str, http: ClientSession, url: str) -> None:
        async with http.get(url + path) as answer:
            assert answer.status == 200
            assert answer.content_type.endswith(kind)

    async def test_it_may_load_nothing_from_elsewhere(self, http: ClientSession, serve: Serve) -> None:
        server = await serve(Options())
        async with http.get(server.make_url("/")) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "http" not in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_a_page_of_ones_own_says_itself_what_it_may_load(self, http: ClientSession, url: str) -> None:
        async with http.get(url) as answer:
            assert "Content-Security-Policy" not in answer.headers
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_a_link_out_of_its_folder_is_not_followed(self, http: ClientSession, url: str, folder: Path) -> None:
        (folder / "page" / "out.yaml").symlink_to(folder / "echo.yaml")
        async with http.get(f"{url}/out.yaml") as answer:
            assert answer.status == 404


class TestOtherSites:
    async def test_they_may_not_call(self, http: ClientSession, url: str) -> None:
        async with http.post(f"{url}/start", json={}, headers={"Origin": ELSEWHERE}) as answer:
            assert answer.status == 403
            assert f"--allow-origin {ELSEWHERE}" in (await answer.json())["detail"]
            assert "Access-Control-Allow-Origin" not in answer.headers

    async def test_the_own_page_may(self, http: ClientSession, url: str) -> None:
        async with http.post(f"{url}/start", json={}, headers={"Origin": url}) as answer:
            assert answer.status == 200

    async def test_a_proxy_that_ends_tls_does_not_make_it_another_site(self, http: ClientSession, url: str) -> None:
        async with http.post(f"{url}/start", json={}, headers={"Origin": url.replace("http:", "https:")}) as answer:
            assert answer.status == 200

    @pytest.mark.parametrize("origin", ["null", "https://", "http://[", "file://"])
    async def test_an_odd_origin_is_another_site(self, origin: str, http: ClientSession, url: str) -> None:
        async with http.post(f"{url}/start", json={}, headers={"Origin": origin}) as answer:
            assert answer.status == 403

    @pytest.mark.parametrize("allowed", [ELSEWHERE, "*"])
    async def test_one_that_was_allowed_may(self, allowed: str, http: ClientSession, serve: Serve) -> None:
        server = await serve(Options(allow_origins=[allowed]))
        ask = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,content-type"}
        async with http.options(server.make_url("/api/offer"), headers=ask) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
            assert {"POST", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
        async with http.post(server.make_url("/start"), json={}, headers={"Origin": ELSEWHERE}) as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE

    async def test_its_errors_can_be_read_too(self, http: ClientSession, serve: Serve) -> None:
        server = await serve(Options(allow_origins=["*"]))
        async with http.post(server.make_url("/api/offer"), json={}, headers={"Origin": ELSEWHERE}) as answer:
            assert answer.status == 400
            assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
            assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"

    async def test_it_may_import_the_pages_modules(self, http: ClientSession, serve: Callable[[Options], Awaitable[TestServer]]) -> None:
        server = await serve(Options(allow_origins=[ELSEWHERE]))
        async with http.get(server.make_url("/client.js"), headers={"Origin": ELSEWHERE}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
            assert answer.content_type.endswith("javascript")
        async with http.get(server.make_url("/client.js"), headers={"Origin": "https://else.example"}) as answer:
            assert answer.status == 403


async def test_configured_ice_servers_are_handed_out(http: ClientSession, serve: Serve) -> None:
    turn = {"urls": "turn:turn.example", "username": "u", "credential": "c"}
    server = await serve(Options(ice_servers=[turn]))
    async with http.post(server.make_url("/start"), json={}) as answer:
        assert (await answer.json())["iceConfig"] == {"iceServers": [turn]}
