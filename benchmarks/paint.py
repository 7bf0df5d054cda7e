"""How long the page takes to its first paint, in a browser on the server's machine."""

from __future__ import annotations

import asyncio

from playwright.async_api import async_playwright

from benchmarks.figures import Figure
from benchmarks.processes import Program
from tests.browser.find_browser import find

VISITS = 5
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


async def paint(server: Program) -> list[Figure]:
    """First contentful paint (W3C, Paint Timing), each time in a browser context without a cache. Nothing where there is no browser."""
    browser_path = await asyncio.to_thread(find)  # it may ask Playwright, whose plain interface runs in no loop
    if browser_path is None:
        return []
    samples = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for _ in range(VISITS):
            page = await (await browser.new_context()).new_page()
            await page.goto(server.url)
            samples.append(await (await page.wait_for_function(FIRST_PAINT)).json_value())
        await browser.close()
    return [Figure("the page: navigation → first paint", "ms", samples, worst_bar=1000.0)]
