from __future__ import annotations

import httpx2
import pytest
from aiohttp import web

from tests.conftest import Serve
from voicegraph.requestlog import LONGEST_ID, LoggedClient, path


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "voicegraph")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("voicegraph")]


async def test_a_request_is_told_by_its_host_and_id_and_by_nothing_private(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=503, text="private", headers={"X-Request-Id": "req-77"})

    url = httpx2.URL(await serve(answer)).copy_with(username="private", password="private")
    async with LoggedClient() as client:
        await client.post(f"{url}/private?key=private", json="private", headers={"Authorization": "private"})
    assert told(caplog) == ["POST 127.0.0.1: status 503, request req-77"]


async def test_the_path_is_told_only_where_it_is_known_to_hold_nothing_private(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    async with LoggedClient(path) as client:
        await client.get(f"{await serve(answer)}/v1/chat?key=private")
    assert told(caplog) == ["GET /v1/chat: status 200, request unknown"]


async def test_a_request_without_an_answer_is_told_with_what_went_wrong(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with LoggedClient() as client:
        for url in ("http://127.0.0.1:1", await serve(answer)):
            with pytest.raises(httpx2.TransportError):
                await client.post(f"{url}/private")
    assert told(caplog)[0] == "POST 127.0.0.1: failed (ConnectError)"
    assert told(caplog)[1] in ("POST 127.0.0.1: failed (ReadError)", "POST 127.0.0.1: failed (RemoteProtocolError)")


async def test_an_id_does_not_fill_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(headers={"X-Request-Id": "x" * 5000})

    async with LoggedClient() as client:
        await client.get(await serve(answer))
    assert len(told(caplog)[0]) < LONGEST_ID + 50
