"""axe-core finds nothing to complain of, in any phase of the page and any view, light and dark, wide and narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, ViewportSize, expect

from tests.browser.conftest import RATE
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

pytestmark = pytest.mark.browser

LONG = 15_000
AXE = Axe()
THEMES: dict[Literal["light", "dark"], ViewportSize] = {"dark": {"width": 360, "height": 640}, "light": {"width": 1280, "height": 800}}


async def is_fine(page: Page, where: str) -> None:
    """Light and wide, dark and narrow."""
    for theme, size in THEMES.items():
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colours that are still fading into each other
        await page.set_viewport_size(size)
        results = await AXE.run(page)
        assert results.violations_count == 0, f"{where}, {theme}:\n{results.response['violations']}"


async def every_view_is_fine(page: Page, where: str) -> None:
    for tab in await page.get_by_role("tab").all():
        await tab.click()
        await is_fine(page, f"{where}, {await tab.inner_text()}")
    await page.get_by_role("tab", name="Call").click()


async def test_nothing_stands_in_anybodys_way(serve: Serve, browse: Browse) -> None:
    async with serve("--max-calls", "1") as server, browse(server.url, says(2.0, "What can you do for me?", rate=RATE)) as visit:
        page = visit.page
        await expect(page.get_by_role("button", name="Call")).to_be_enabled()
        await every_view_is_fine(page, "idle")
        await visit.call()
        await expect(page.locator(".reply .now")).to_be_visible(timeout=2 * LONG)
        await is_fine(page, "speaking")
        await page.locator("#sound summary").click()
        await is_fine(page, "choosing devices")
        await page.locator("#sound summary").click()
        await page.get_by_role("button", name="Stop the reply").click()
        await expect(page.locator(".reply .cut")).to_be_visible()
        await page.locator("#mute").click()
        await every_view_is_fine(page, "interrupted and muted")
        await expect(page.locator("#save-sound")).to_have_attribute("hidden", "")  # this graph records nothing

        other = await page.context.new_page()
        await other.goto(server.url)
        await other.get_by_role("button", name="Call").click()
        await expect(other.locator("#floor")).to_have_text("Waiting for a free line")
        await is_fine(other, "waiting")
        await other.close()

        visit.forgiven = "Failed to load resource"
        await server.stop()
        await expect(page.locator("#floor")).to_have_text("Reconnecting", timeout=LONG)
        await every_view_is_fine(page, "reconnecting")
        await page.get_by_role("button", name="Cancel").click()
        await every_view_is_fine(page, "ended")


async def test_nothing_does_so_for_a_developer(serve: Serve, browse: Browse) -> None:
    async with serve("--dev") as server, browse(server.url) as visit:
        page = visit.page
        await page.get_by_role("tab", name="Edit").click()
        await expect(page.locator(".cm-content")).to_contain_text("nodes")
        await every_view_is_fine(page, "a developer's")
        await page.get_by_role("tab", name="Edit").click()
        await page.locator(".cm-content").focus()
        await page.keyboard.press("Control+End")
        await page.keyboard.type("  more: {use: webrtcvad, mo: 2")
        await page.get_by_role("button", name="Save as…").click()
        await expect(page.locator(".cm-lintRange-error")).to_be_visible()
        await is_fine(page, "a mistake")
        await page.get_by_role("tab", name="Graph").click()
        await visit.call()
        await page.locator("[data-node=vad]").click()
        await expect(page.locator(".frames li").first).to_be_attached(timeout=LONG)
        await is_fine(page, "a node of a call")
