"""Microphone and speaker: chosen, remembered, unplugged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

pytestmark = pytest.mark.browser

KEEP_MICROPHONES = """(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.microphones = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        if (window.unplugged) throw new DOMException("none", "NotFoundError");
        const stream = await open(wanted);
        window.microphones.push(stream.getAudioTracks()[0]);
        return stream;
    };
})()"""
UNPLUG = "void window.microphones.at(-1).dispatchEvent(new Event('ended'))"
"""What a browser does when a device goes: no test can pull a plug."""


async def test_the_chosen_devices_are_used_and_remembered(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = visit.page
        await page.evaluate(KEEP_MICROPHONES)
        await visit.call()
        await page.locator("#sound summary").click()
        names = await page.get_by_label("Microphone", exact=True).locator("option").all_inner_texts()
        assert names[0] == "System default"
        assert len(names) > 2
        await page.get_by_label("Microphone", exact=True).select_option(names[2])
        await page.wait_for_function("name => window.microphones.at(-1).label === name", arg=names[2])
        assert await page.evaluate("window.microphones.map((track) => track.readyState)") == ["ended", "live"]
        speakers = await page.get_by_label("Speaker").locator("option").all_inner_texts()
        await page.get_by_label("Speaker").select_option(speakers[-1])
        chosen = await page.get_by_label("Speaker").input_value()
        await page.wait_for_function("id => document.getElementById('voice').sinkId === id", arg=chosen)
        await page.reload()
        await expect(page.get_by_role("button", name="Call")).to_be_enabled()
        await visit.call()
        await page.locator("#sound summary").click()
        await expect(page.get_by_label("Microphone", exact=True).locator("option:checked")).to_have_text(names[2])
        await expect(page.get_by_label("Speaker").locator("option:checked")).to_have_text(speakers[-1])


async def test_a_microphone_that_is_unplugged_is_replaced_or_missed(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = visit.page
        await page.evaluate(KEEP_MICROPHONES)
        await visit.call()
        await page.evaluate(UNPLUG)
        await expect(page.get_by_role("alert")).to_contain_text("The microphone is gone. Now you are heard through:")
        assert await page.evaluate("window.microphones.length") == 2
        await page.evaluate("window.unplugged = true")
        await page.evaluate(UNPLUG)
        await expect(page.get_by_role("alert")).to_contain_text("No microphone was found.")
        await expect(page.locator("#mute")).to_be_hidden()
        await visit.type("stop")
        await expect(page.locator(".reply .words")).to_have_text("Of course. I have stopped.", timeout=15_000)
