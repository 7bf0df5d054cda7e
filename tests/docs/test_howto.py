"""The how-to guides: their files are checked, their commands are run."""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from tests.docs.conftest import DOCS, blocks
from voicegraph.cli import main
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve
    from tests.docs.conftest import Served

GUIDES = sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "howto").glob("*.md"))
GRAPHS = [(page, block.file, block.code) for page in GUIDES for block in blocks(page) if block.language == "yaml" and block.file]


@pytest.mark.parametrize(("page", "name", "text"), GRAPHS, ids=[f"{page}:{name}" for page, name, _ in GRAPHS])
def test_their_graphs_have_no_mistakes(page: str, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert main(["check", str(tmp_path / name)]) == 0


async def test_the_turn_servers_are_handed_out_as_the_guide_has_them(served: Served, tmp_path: Path) -> None:
    [listed] = [block.code for block in blocks("howto/turn.md") if block.language == "json"]
    [command] = [block.code for block in blocks("howto/turn.md") if block.language == "sh"]
    (tmp_path / "ice-servers.json").write_text(listed)
    async with served(command) as address, ClientSession() as http, http.post(f"{address}/start", json={}) as answer:
        assert (await answer.json())["iceConfig"]["iceServers"] == json.loads(listed)


async def test_a_call_with_curl(served: Served, reader: dict[str, str], tmp_path: Path) -> None:
    page = blocks("howto/curl.md")
    serve, *rest = [block.code for block in page if block.language == "sh"]
    [peer] = [block.code for block in page if block.language == "python"]
    (tmp_path / "peer.py").write_text(peer)
    async with served(serve) as address:
        script = "\n".join(["set -eu", *rest]).replace("http://localhost:8080", address)
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=tmp_path, env=reader, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(60):
            said = (await process.communicate())[0].decode()
        assert process.returncode == 0, said
    assert '"type":"bot-ready"' in said
    assert '"reason":"The caller hung up."' in said
    assert loudest(tmp_path / "heard.wav") > 1000


async def test_what_curl_says_when_something_is_wrong(served: Served) -> None:
    [shown] = [block.code for block in blocks("howto/curl.md") if block.language == "console"]
    body = shown.partition("-d '")[2].partition("'")[0]
    async with (
        served("voicegraph serve --graph echo") as address,
        ClientSession() as http,
        http.post(f"{address}/start", json=json.loads(body)) as answer,
    ):
        told = shown.splitlines()[1].partition("…")[0]  # the list of graphs grows
        assert told.startswith('{"detail": "')
        assert (await answer.text()).startswith(told)


@pytest.mark.browser
async def test_the_agent_on_a_page_of_another_origin(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    [page] = [block.code for block in blocks("howto/other-origin.md") if block.language == "html"]
    shop = web.Application()
    shop.router.add_static("/", tmp_path)
    async with TestServer(shop) as site:
        origin = str(site.make_url("")).rstrip("/")
        async with serve("--allow-origin", origin) as agent:
            (tmp_path / "index.html").write_text(page.replace("https://agent.example", agent.url))
            question = says(1.0, "What can you do for me?", 1.0, rate=48_000)
            async with browse(f"{origin}/index.html", question) as visit:
                await visit.page.get_by_role("button", name="Talk to us").click()
                await expect(visit.page.get_by_role("status")).to_have_text("live", timeout=20_000)
                await expect(visit.page.get_by_role("listitem").first).to_have_text("I can listen to you while I speak.", timeout=20_000)
                await visit.page.wait_for_selector("html[data-sound]", state="attached")
                visit.forgiven = "Failed to load resource: net::ERR_CONNECTION_REFUSED"  # it looks for the server that has stopped
                await agent.stop()
                await expect(visit.page.get_by_role("status")).to_have_text("reconnecting")
                visit.hosts.remove(urlsplit(agent.url).netloc)  # besides its own, this is whom it asks


def loudest(file: Path) -> int:
    with wave.open(str(file)) as sound:
        return int(np.abs(np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(int)).max())
