from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from voicegraph.errors import ToolFailed
from voicegraph.graph.settings import WRITTEN
from voicegraph.tools.http import LARGEST, HttpSettings, request
from voicegraph.web import WebClient

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


async def echo(asked: web.Request) -> web.Response:
    seen = [asked.method, asked.raw_path, await asked.text(), asked.headers.get("X-Key", "")]
    return web.Response(text="|".join(seen), headers={"Set-Cookie": "who=caller"})


@pytest.fixture
async def client() -> AsyncIterator[WebClient]:
    client = WebClient()
    yield client
    await client.close()


def settings(**options: Any) -> HttpSettings:
    return HttpSettings.model_validate(options, context=WRITTEN)


@pytest.mark.parametrize(
    ("method", "path", "arguments", "seen"),
    [
        ("POST", "/a", {"town": "Paris", "days": 2}, 'POST|/a|{"town":"Paris","days":2}|'),
        ("GET", "/a", {"town": "Le Mans", "days": 2, "none": None}, "GET|/a?town=Le+Mans&days=2||"),
        ("GET", "/a?fixed=1", {}, "GET|/a?fixed=1||"),
        ("GET", "/{town}/now", {"town": "St. Étienne?x=#"}, "GET|/St.%20%C3%89tienne%3Fx%3D%23/now||"),
        ("GET", "/shop%2F{town}.json?at={at}", {"town": "...", "at": "../a&b"}, "GET|/shop%2F....json?at=..%2Fa%26b||"),
        ("GET", "/a?at={at}", {"at": None}, "GET|/a?at=||"),
        ("PUT", "/{town}", {"town": "Paris", "days": 2}, 'PUT|/Paris|{"days":2}|'),
    ],
)
async def test_arguments_go_into_the_body_the_query_or_the_address(
    serve: Serve, client: WebClient, method: str, path: str, arguments: dict[str, Any], seen: str
) -> None:
    url = await serve(echo)
    assert await request(settings(url=url + path, method=method), arguments, client) == seen


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/customers/{id}/orders", {"id": ".."}),
        ("/customers/{id}/orders", {"id": "."}),
        ("/customers/{id}/orders", {"id": " .. "}),
        ("/customers/{id}/orders", {"id": ""}),
        ("/customers/{id}/orders", {"id": None}),
        ("/customers/{id}/orders", {}),
        ("/customers/{id}", {"id": "7/orders"}),
        ("/customers/{id}", {"id": "a/../../b"}),
        ("/customers/{id}", {"id": "..\\orders"}),
        ("/customers/{id}", {"id": "%2e%2e"}),
        ("/customers/{id}", {"id": "%252E%252e"}),
        ("/customers/{id}", {"id": "7%2Forders"}),
        ("/customers/{a}{b}", {"a": ".", "b": "."}),
        ("/customers/.{a}", {"a": "."}),
        ("/shop%2F{name}", {"name": ".."}),
        ("/{a}/{b}/{c}", {"a": "x", "b": "..", "c": "admin"}),
    ],
)
async def test_an_argument_cannot_lead_to_another_path(serve: Serve, client: WebClient, path: str, arguments: dict[str, Any]) -> None:
    asked: list[str] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response()

    url = await serve(note)
    with pytest.raises(ToolFailed, match=r"Wrong arguments: .* cannot be empty, '\.' or '\.\.'"):
        await request(settings(url=url + path, method="GET"), arguments, client)
    assert asked == []


async def test_headers_are_sent_and_not_printed(serve: Serve, client: WebClient) -> None:
    options = settings(url=await serve(echo), headers={"X-Key": "secret"})
    assert (await request(options, {}, client)).endswith("|secret")
    assert "secret" not in f"{options!r} {options.effective()}"


async def test_an_error_is_told_with_what_the_service_says(serve: Serve, client: WebClient) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=422, text="no such town" + "." * 1000)

    url = await serve(refuse)
    with pytest.raises(ToolFailed, match=r"answered with status 422: no such town\.+") as failed:
        await request(settings(url=url), {}, client)
    assert len(str(failed.value)) < 400


async def test_a_redirect_is_not_followed(serve: Serve, client: WebClient) -> None:
    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/elsewhere")

    url = await serve(away)
    with pytest.raises(ToolFailed, match="status 302"):
        await request(settings(url=url, headers={"X-Key": "secret"}), {}, client)


async def test_an_answer_that_is_too_large_is_not_read(serve: Serve, client: WebClient) -> None:
    async def flood(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (LARGEST + 1))

    url = await serve(flood)
    with pytest.raises(ToolFailed, match="longer than 256 KiB"):
        await request(settings(url=url), {}, client)


async def test_a_service_that_is_not_there_is_told(client: WebClient) -> None:
    with pytest.raises(ToolFailed, match="cannot be reached"):
        await request(settings(url="http://127.0.0.1:1/"), {}, client)


async def test_no_cookies_go_from_caller_to_caller(serve: Serve, client: WebClient) -> None:
    cookies: list[str] = []

    async def note(asked: web.Request) -> web.Response:
        cookies.append(asked.headers.get("Cookie", ""))
        return web.Response(headers={"Set-Cookie": "who=caller"})

    url = await serve(note)
    assert [await request(settings(url=url), {}, client) for _ in range(2)] == ["Done.", "Done."]
    assert cookies == ["", ""]


@pytest.mark.parametrize("url", ["ftp://x/y", "weather.example", "https://", "https://{host}/x", "https://a.{host}/x"])
def test_an_address_names_its_host_itself(url: str) -> None:
    with pytest.raises(ValueError, match=r"http://|not in the host"):
        settings(url=url)
