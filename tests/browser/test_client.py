"""The client as a module for other pages: the example of docs/client.md, as it stands there, on another site."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from tests.browser.conftest import RATE
from tests.browser.test_calling import QUESTION
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

pytestmark = pytest.mark.browser

LONG = 15_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "client.md"


@pytest.fixture
async def elsewhere() -> AsyncIterator[TestServer]:
    """Another site. Its page is what `elsewhere.app["page"]` says."""
    app = web.Application()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=app[PAGE][0], content_type="text/html")

    app[PAGE] = [""]
    app.router.add_get("/", page)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


PAGE = web.AppKey("page", list[str])


def example(url: str) -> str:
    found = re.search(r"```html\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1].replace("https://voice.example.org", url).replace("<title>", '<link rel="icon" href="data:,"><title>')


async def test_the_example_of_the_documentation_makes_a_call_from_another_site(serve: Serve, browse: Browse, elsewhere: TestServer) -> None:
    site = str(elsewhere.make_url("")).rstrip("/")
    async with serve("--allow-origin", site) as server:
        elsewhere.app[PAGE][0] = example(server.url)
        async with browse(site, says(2.0, QUESTION, rate=RATE)) as visit:
            visit.welcome.add(urlsplit(server.url).netloc)
            page = visit.page
            await page.get_by_role("button", name="Call").click()
            await expect(page.locator("#state")).to_have_text("live", timeout=LONG)
            await expect(page.locator("#heard")).to_have_text("what can you do for me", timeout=LONG)
            await page.wait_for_selector("html[data-sound=on]", timeout=LONG)
            await expect(page.locator("#answer")).to_contain_text("I can", timeout=LONG)
            await page.get_by_role("button", name="Stop").click()
            await page.wait_for_selector("html[data-sound=off]", timeout=LONG)
            await page.get_by_label("Or type:").fill("stop")
            await page.keyboard.press("Enter")
            await expect(page.locator("#answer")).to_have_text("I have stopped.", timeout=LONG)


async def test_a_site_that_was_not_allowed_cannot_even_import_it(serve: Serve, browse: Browse, elsewhere: TestServer) -> None:
    async with serve() as server:
        elsewhere.app[PAGE][0] = example(server.url)
        async with browse(str(elsewhere.make_url(""))) as visit:
            visit.welcome.add(urlsplit(server.url).netloc)
            assert any("CORS" in complaint or "403" in complaint for complaint in visit.complaints)
            visit.complaints.clear()
            await visit.page.get_by_role("button", name="Call").click()
            await expect(visit.page.locator("#state")).to_be_empty()
