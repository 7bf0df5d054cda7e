"""The graph on the page: drawn, walked through by keyboard, lit by what runs in it, swept by an interruption."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, expect

from voicegraph.core.sound import Pcm
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

RATE = 48_000
LONG = 15_000
NODES = ["caller", "resampler", "vad", "stt", "floor", "agent", "tts", "jitter", "speaker", "page"]


async def open_graph(visit: Visit) -> Page:
    await expect(visit.page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
    await visit.page.get_by_role("tab", name="Graph").click()
    await expect(visit.page.locator(".box")).to_have_count(len(NODES))
    return visit.page


@pytest.mark.browser
async def test_the_chosen_graph_is_drawn_and_is_a_list_in_file_order(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = await open_graph(visit)
        assert await page.locator(".box strong").all_text_contents() == NODES
        floor = page.get_by_role("button", name=re.compile("^floor"))
        told = re.compile("Takes Command from caller, Speech from vad, .*Playout from speaker below. Gives Turn to agent")
        await expect(floor).to_have_accessible_name(told)
        await expect(page.get_by_role("list", name="The nodes of voxtral, in the order of the call")).to_be_attached()
        assert await page.locator(".curve.feedback").count() == 2


@pytest.mark.browser
async def test_the_drawing_is_another_when_another_graph_is_chosen(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = await open_graph(visit)
        await page.get_by_role("radio", name="echo").check()
        await expect(page.locator(".box strong")).to_have_text(["caller", "echo", "jitter", "speaker"])


@pytest.mark.browser
async def test_the_keyboard_walks_through_the_nodes_and_looks_into_them(serve: Serve, browse: Browse) -> None:
    async with serve("--dev") as server, browse(server.url) as visit:
        page = await open_graph(visit)
        inspector = page.locator(".inspector")
        await page.get_by_role("button", name=re.compile("^caller")).focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "Home", "ArrowRight", "ArrowRight"):
            await page.keyboard.press(key)
        await expect(page.locator("[data-node=vad]")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(inspector).to_contain_text("webrtcvad")
        await expect(page.locator("[data-node=vad]")).to_have_attribute("aria-expanded", "true")
        await expect(inspector.get_by_role("row", name=re.compile("^mode 2"))).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(inspector).to_be_hidden()
        await expect(page.locator("[data-node=vad]")).to_be_focused()
        assert await page.locator(".box[tabindex='0']").count() == 1


@pytest.mark.browser
async def test_without_developer_mode_a_node_shows_its_ports_and_no_settings(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = await open_graph(visit)
        await page.locator("[data-node=stt]").click()
        await expect(page.locator(".inspector")).to_contain_text("words Transcript to floor, page")
        await page.locator("[data-node=page]").click()
        await expect(page.locator(".inspector")).to_contain_text("captions Caption not linked")
        await expect(page.locator(".inspector table")).to_have_count(0)
        await expect(page.get_by_role("tab", name="Edit")).to_be_hidden()


@pytest.mark.browser
async def test_nodes_light_up_in_a_call_with_their_rate_and_time(serve: Serve, browse: Browse) -> None:
    async with serve("--dev") as server, browse(server.url) as visit:
        page = await open_graph(visit)
        await visit.call()
        await expect(page.locator("[data-node=resampler].lit .rate")).to_have_text(re.compile(r"^\d\d/s · [\d.]+ (µs|ms)$"))
        await expect(page.locator(".curve.active[data-source=resampler][data-target=stt]")).to_be_attached()
        await page.locator("[data-node=agent]").click()
        await expect(page.locator(".inspector")).to_contain_text("mistral_agent")
        await visit.type("What can you do?")
        await expect(page.locator(".frames")).to_contain_text("What can you do?", timeout=LONG)
        await expect(page.locator(".frames")).to_contain_text("ReplyText")
        await expect(page.locator("[data-node=tts].lit")).to_be_attached(timeout=LONG)
        await page.get_by_role("button", name="Hang up").click()
        await expect(page.locator(".box.lit")).to_have_count(0)
        await expect(page.locator("[data-node=resampler] .use")).to_be_visible()


@pytest.mark.browser
async def test_nothing_is_counted_while_nobody_looks(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        page = await open_graph(visit)
        await visit.call()
        await expect(page.locator(".box.lit").first).to_be_attached()
        await page.evaluate(
            """() => {
              const post = RTCDataChannel.prototype.send;
              window.sent = [];
              RTCDataChannel.prototype.send = function (text) { window.sent.push(text); post.call(this, text); };
            }"""
        )
        await page.get_by_role("tab", name="Time").click()
        sent = await page.evaluate("window.sent.filter((text) => text.includes('watch')).map((text) => JSON.parse(text).data)")
        assert sent == [{"t": "watch", "d": {"on": False}}]


@pytest.fixture
def interrupting() -> Pcm:
    """A question, and a word over the answer."""
    return says(1.5, "What can you do for me?", 4.5, "Stop please!", rate=RATE)


@pytest.mark.browser
async def test_an_interruption_sweeps_the_graph_from_the_last_node_to_the_first(serve: Serve, browse: Browse, interrupting: Pcm) -> None:
    async with serve() as server, browse(server.url, says=interrupting) as visit:
        page = await open_graph(visit)
        await page.evaluate(
            """() => {
              window.swept = [];
              addEventListener("animationstart", ({ animationName, target }) => {
                if (animationName === "swept") window.swept.push([parseFloat(getComputedStyle(target).animationDelay), target.dataset.node]);
              });
            }"""
        )
        await visit.call()
        await expect(page.locator(".graph-panel .state")).to_contain_text("Interrupted", timeout=30_000)
        await expect(page.locator(".box.swept")).to_have_count(0)  # it has come to its end
        swept = (await page.evaluate("window.swept"))[: len(NODES)]
        assert [node for _, node in sorted(swept)] == NODES[::-1]


@pytest.mark.browser
async def test_it_does_so_without_motion_where_none_is_wanted(serve: Serve, browse: Browse, interrupting: Pcm) -> None:
    async with serve() as server, browse(server.url, says=interrupting) as visit:
        await visit.page.emulate_media(reduced_motion="reduce")
        page = await open_graph(visit)
        await visit.call()
        await expect(page.locator(".box.swept")).to_have_count(len(NODES), timeout=30_000)
        assert await page.evaluate("getComputedStyle(document.querySelector('.box.swept')).animationName") == "none"
        assert await page.evaluate("getComputedStyle(document.querySelector('.curve.active')).animationName") == "none"
        await expect(page.locator(".box.swept")).to_have_count(0)


@pytest.mark.browser
async def test_it_can_be_used_on_a_phone(serve: Serve, browse: Browse) -> None:
    async with serve("--dev") as server, browse(server.url, viewport=(360, 640)) as visit:
        page = await open_graph(visit)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await page.locator("[data-node=agent]").click()
        await expect(page.locator(".inspector h3")).to_be_in_viewport()
        await page.get_by_role("button", name="Close agent").click()
        await expect(page.locator("[data-node=agent]")).to_be_focused()
