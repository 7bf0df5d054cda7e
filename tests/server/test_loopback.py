"""Who may reach a server in developer mode."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from tests.server.conftest import Serve
from voicegraph.server.loopback import is_loopback
from voicegraph.server.options import Options


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_names_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "192.168.1.4", "example.com", "localhost.example.com", "127.0.0.1.example.com", "0177.0.0.1", "notlocalhost"]
)
def test_every_other_name(host: str) -> None:
    assert not is_loopback(host)


@pytest.fixture
async def dev(serve: Serve, folder: Path) -> TestServer:
    return await serve(Options(dev=folder))


PATHS = ["/", "/graphs", "/healthz", "/graphs/echo/source"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["rebound.example", "rebound.example:{port}", "127.0.0.1.example:{port}", "10.0.0.7:{port}", "[fe80::1]:{port}", "@"]
)
async def test_a_foreign_name_in_host_is_refused_whatever_it_asks_for(path: str, host: str, dev: TestServer, http: ClientSession) -> None:
    headers = {"Host": host.format(port=dev.port)}
    async with http.get(dev.make_url(path), headers=headers) as answer:
        assert answer.status == 403
        assert "this machine only" in (await answer.json())["detail"]


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "localhost"])
async def test_names_of_this_machine_are_answered(host: str, dev: TestServer, http: ClientSession) -> None:
    async with http.get(dev.make_url("/graphs"), headers={"Host": host.format(port=dev.port)}) as answer:
        assert answer.status == 200


async def test_without_developer_mode_any_name_will_do(server: TestServer, http: ClientSession) -> None:
    async with http.get(server.make_url("/graphs"), headers={"Host": "voice.example"}) as answer:
        assert answer.status == 200
