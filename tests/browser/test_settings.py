"""What a caller may set before a call, where the graph allows something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.test_axe import is_fine

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

pytestmark = pytest.mark.browser

ALLOWING = """\
about: A call that callers may change.
extends: voxtral
nodes:
  floor: {welcome: Hello.}
allow:
  floor.welcome: {max_length: 30}
  floor.preset: any
  agent.temperature: {min: 0, max: 1}
  stt.target_streaming_delay: {min: 160ms, max: 1s}
  stt.turn_detection.end_threshold: {min: 0.2, max: 0.4}
"""


async def test_what_is_entered_holds_for_the_call_and_stays_for_the_next(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    graph = tmp_path / "allowing.yaml"
    graph.write_text(ALLOWING)
    async with serve("--graph", str(graph)) as server, browse(server.url) as visit:
        page = visit.page
        await page.get_by_text("Settings of this call").click()
        await expect(page.get_by_label("floor.preset")).to_have_value("balanced")
        await is_fine(page, "the settings")

        await page.get_by_label("agent.temperature").fill("2")
        await page.get_by_role("button", name="Call", exact=True).click()
        await expect(page.locator("#settings :invalid")).to_have_count(1)
        await expect(page.locator("body")).to_have_attribute("data-phase", "idle")

        await page.get_by_label("agent.temperature").fill("0.5")
        await expect(page.get_by_label("stt.turn_detection.end_threshold")).to_have_value("0.33")
        await page.get_by_label("stt.turn_detection.end_threshold").fill("0.25")
        await page.get_by_label("floor.preset").select_option("patient")
        await page.get_by_label("floor.welcome").fill("Good day to you.")
        async with page.expect_request("**/start") as asked:
            await visit.call()
        start: Any = (await asked.value).post_data_json
        assert start["body"]["settings"] == {
            "floor.welcome": "Good day to you.",
            "floor.preset": "patient",
            "agent.temperature": 0.5,
            "stt.turn_detection.end_threshold": 0.25,
        }
        await expect(page.locator("#log")).to_contain_text("Good day to you.")

        await page.get_by_role("button", name="Hang up").click()
        await page.get_by_role("button", name="Choose who answers").click()
        await expect(page.get_by_label("floor.welcome")).to_have_value("Good day to you.")


async def test_what_the_server_refuses_is_told_with_what_is_allowed(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    graph = tmp_path / "allowing.yaml"
    graph.write_text(ALLOWING)
    async with serve("--graph", str(graph)) as server, browse(server.url) as visit:
        visit.forgiven = "400"
        await visit.page.get_by_text("Settings of this call").click()
        await visit.page.get_by_label("stt.target_streaming_delay").fill("2s")
        await visit.page.get_by_role("button", name="Call", exact=True).click()
        await expect(visit.page.locator("#notice")).to_contain_text("'stt.target_streaming_delay' takes at most 1s, not '2s'.")


async def test_a_graph_that_allows_nothing_has_no_settings(serve: Serve, browse: Browse) -> None:
    async with serve("--graph", "voxtral", "--graph", "local") as server, browse(server.url) as visit:
        await visit.page.get_by_label("Talk to Voxtral 3").click()
        await expect(visit.page.get_by_text("Settings of this call")).to_be_hidden()
        await visit.page.get_by_label("Talk without a key").click()
        await expect(visit.page.get_by_text("Settings of this call")).to_be_visible()
