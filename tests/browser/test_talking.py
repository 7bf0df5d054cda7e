"""Talking by hand: the space bar, the button, and what they mean for a muted microphone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import RATE
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

pytestmark = pytest.mark.browser

LONG = 15_000
OVERHEAR = """(() => {
    window.sent = []; // what the page tells the server about who has the floor
    const send = RTCDataChannel.prototype.send;
    RTCDataChannel.prototype.send = function (text) {
        send.call(this, text);
        if (text.startsWith("ping")) return;
        const { type, data, message } = JSON.parse(text);
        if (type === "signalling") window.sent.push(`microphone ${message.enabled ? "on" : "off"}`);
        if (data?.t === "playout-delay") window.playout = data.d.ms;
        if (data?.t === "talk") window.sent.push(`talk ${data.d.on ? "on" : "off"}`);
    };
})()"""


async def told(page: Page) -> Any:
    """What was sent since the last time."""
    return await page.evaluate("window.sent.splice(0)")


async def is_up(visit: Visit) -> None:
    await visit.page.evaluate(OVERHEAR)
    await visit.call()
    await expect(visit.page.get_by_role("log")).to_be_focused()  # so that the space bar does not hang up
    assert await told(visit.page) == ["microphone on"]


async def test_the_space_bar_takes_the_floor_while_it_is_held_but_not_in_a_text_or_on_a_button(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await is_up(visit)
        await visit.type("Tell me everything")
        await visit.page.wait_for_selector("html[data-sound=on]", timeout=LONG)
        await visit.page.locator("#log").focus()
        await visit.page.keyboard.down("Space")
        await visit.page.keyboard.down("Space")  # a key that is held repeats
        assert await told(visit.page) == ["microphone on", "talk on"]
        await expect(visit.page.locator("#talk")).to_have_attribute("aria-pressed", "true")
        await expect(visit.page.locator(".reply .cut")).to_be_visible(timeout=LONG)
        await visit.page.keyboard.up("Space")
        assert await told(visit.page) == ["talk off", "microphone on"]
        await expect(visit.page.locator("#talk")).to_have_attribute("aria-pressed", "false")

        await visit.page.get_by_label("Type instead of speaking").focus()
        await visit.page.keyboard.type("a b")
        await visit.page.get_by_role("button", name="Stop the reply").focus()
        await visit.page.keyboard.press("Space")
        assert await told(visit.page) == []


async def test_a_muted_microphone_is_open_while_talking(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, says(2.0, "What can you do for me?", rate=RATE)) as visit:
        await is_up(visit)
        await visit.page.locator("#mute").click()
        await expect(visit.page.get_by_role("log")).to_be_focused()
        assert await told(visit.page) == ["microphone off"]
        await visit.page.keyboard.down("Space")
        await expect(visit.page.get_by_text("Microphone off")).to_be_hidden()
        await expect(visit.page.locator(".caller .words")).to_contain_text("what can you do for me", timeout=LONG)
        await visit.page.keyboard.up("Space")
        assert await told(visit.page) == ["microphone on", "talk on", "talk off", "microphone off"]
        await expect(visit.page.get_by_text("Microphone off")).to_be_visible()
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can listen to you", timeout=LONG)


async def test_the_button_talks_by_finger_by_mouse_and_by_key(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await is_up(visit)
        button = visit.page.get_by_role("button", name="Hold to talk")
        await button.hover()
        await visit.page.mouse.down()
        assert await told(visit.page) == ["microphone on", "talk on"]
        await visit.page.mouse.up()
        assert await told(visit.page) == ["talk off", "microphone on"]
        await button.focus()
        await visit.page.keyboard.press("Space", delay=50)
        assert await told(visit.page) == ["microphone on", "talk on", "talk off", "microphone on"]
        await button.evaluate("(button) => button.click()")  # a screen reader cannot hold
        assert await told(visit.page) == ["microphone on", "talk on"]
        await visit.page.get_by_role("button", name="Done: answer now").click()
        assert await told(visit.page) == ["talk off", "microphone on"]
        await visit.page.get_by_role("button", name="Done: answer now").click()
        assert await told(visit.page) == ["talk off"]


async def test_both_sides_loudness_is_shown_and_the_server_knows_when_words_reach_the_ear(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, says(2.0, "What can you do for me?", rate=RATE)) as visit:
        await is_up(visit)
        loud = "(id) => Number(document.getElementById(id).getAttribute('aria-valuenow')) > 40"
        await visit.page.wait_for_function(loud, arg="meter-caller", timeout=LONG)
        await visit.page.wait_for_function(loud, arg="meter-reply", timeout=LONG)
        await visit.page.wait_for_function("window.playout > 0 && window.playout < 1000", timeout=LONG)
