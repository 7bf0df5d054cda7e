"""The page for everybody: by keyboard, on a narrow screen, in words for a screen reader, and with enough contrast."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

STYLE = Path(__file__).parents[2] / "web" / "base.css"
LONG = 15_000


@pytest.mark.browser
async def test_a_call_needs_no_mouse(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        keyboard = visit.page.keyboard
        await expect(visit.page.get_by_role("button", name="Call")).to_be_enabled()
        await keyboard.press("Tab")
        await expect(visit.page.get_by_role("tab", name="Call")).to_be_focused()
        await keyboard.press("Tab")
        await expect(visit.page.get_by_role("radio", checked=True)).to_be_focused()
        while await visit.page.evaluate("document.activeElement.id") != "call":
            await keyboard.press("Tab")
        await keyboard.press("Enter")
        await visit.page.wait_for_selector("body[data-phase=live]")
        await visit.page.get_by_label("Type instead of speaking").focus()
        await keyboard.type("Hello")
        await keyboard.press("Enter")
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can", timeout=LONG)
        await keyboard.press("Tab")
        await keyboard.press("Tab")
        await keyboard.press("Space")
        await expect(visit.page.locator("#mute")).to_have_attribute("aria-pressed", "true")
        await keyboard.press("Tab")
        await keyboard.press("Tab")
        await keyboard.press("Enter")
        await expect(visit.page.locator("#floor")).to_have_text("Call ended")
        await expect(visit.page.get_by_role("button", name="Call again")).to_be_focused()


@pytest.mark.browser
async def test_nothing_is_cut_off_on_a_narrow_screen(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, viewport=(360, 640)) as visit:
        wide = "document.documentElement.scrollWidth > innerWidth"
        assert not await visit.page.evaluate(wide)
        await visit.call()
        await visit.type("Wide" * 60)
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can", timeout=LONG)
        assert not await visit.page.evaluate(wide)
        for name in ("Mute", "Hold to talk", "Hang up", "Done: answer now", "Stop the reply"):
            await expect(visit.page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


@pytest.mark.browser
async def test_a_screen_reader_finds_its_way(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await expect(visit.page.get_by_role("group", name="Who should answer?")).to_be_visible()
        await expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
        await visit.call()
        await expect(visit.page.get_by_role("status")).to_have_text("Connected. Speak now.")
        await expect(visit.page.get_by_role("log", name="What was said")).to_have_attribute("aria-live", "off")
        unnamed = (
            "[...document.querySelectorAll('button, input')].filter((e) => !(e.labels?.length || e.getAttribute('aria-label') || e.innerText)).length"
        )
        assert await visit.page.evaluate(unnamed) == 0


@pytest.mark.browser
async def test_the_views_are_reached_by_arrow_keys_and_by_address(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(f"{server.url}/#time") as visit:
        tab, panel = visit.page.get_by_role("tab", name="Time"), visit.page.get_by_role("tabpanel", name="Time")
        await expect(panel).to_be_visible()
        await tab.focus()
        await visit.page.keyboard.press("Home")
        await expect(visit.page.get_by_role("tab", name="Call")).to_be_focused()
        await expect(panel).to_be_hidden()
        await visit.page.keyboard.press("ArrowRight")
        await expect(tab).to_be_focused()
        await expect(panel).to_be_visible()
        assert visit.page.url.endswith("#time")


@pytest.mark.browser
async def test_who_wants_less_motion_gets_none(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        moving = "document.getAnimations().length"
        await visit.call()
        await visit.page.evaluate("void (document.getElementById('orb').dataset.floor = 'thinking')")
        assert await visit.page.evaluate(moving)
        await visit.page.emulate_media(reduced_motion="reduce")
        assert not await visit.page.evaluate(moving)


SURFACES = ("paper", "surface", "accent-soft")
ON = [
    *itertools.product(("ink", "ink-soft"), SURFACES),
    ("accent", "paper"),
    ("on-accent", "accent"),
    ("on-danger", "danger"),
    ("problem", "problem-soft"),
    ("wait", "wait-soft"),
]


def themes() -> list[dict[str, str]]:
    """The colours by name, light and dark."""
    return [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    ]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", themes(), ids=["light", "dark"])
def test_every_text_has_enough_contrast(theme: dict[str, str]) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    weak = []
    for text, surface in ON:
        lighter, darker = sorted((luminance(theme[text]), luminance(theme[surface])), reverse=True)
        if (ratio := (lighter + 0.05) / (darker + 0.05)) < 4.5:
            weak.append(f"{text} on {surface}: {ratio:.2f}")
    assert weak == []
