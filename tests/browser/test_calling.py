"""Whole calls: a real browser, a real server, sound and words both ways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from tests.browser.conftest import RATE
from voicegraph.testing.mistral import MistralServer, Script
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Server, Visit

pytestmark = pytest.mark.browser

LONG = 15_000
"""Milliseconds within which anything must have happened."""


QUESTION = "What can you do for me?"
INTERRUPTION = "Stop, please, that is enough for now."

REMEMBER_FLOORS = """(() => {
    const orb = document.getElementById("orb");
    window.floors = [];
    new MutationObserver(() => window.floors.push(orb.dataset.floor)).observe(orb, { attributeFilter: ["data-floor"] });
})()"""


async def is_heard(visit: Visit) -> None:
    await visit.page.wait_for_selector("html[data-sound=on]", timeout=LONG)


async def is_silent(visit: Visit) -> None:
    await visit.page.wait_for_selector("html[data-sound=off]", timeout=LONG)


async def has_no_calls(visit: Visit, server: Server) -> None:
    async with asyncio.timeout(LONG / 1000):
        while await calls(server):
            await visit.page.wait_for_timeout(50)


async def calls(server: Server) -> int:
    async with ClientSession() as client, client.get(f"{server.url}/healthz") as answer:
        count: int = (await answer.json())["calls"]
    return count


async def test_a_spoken_question_is_answered_aloud_and_in_words(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, says(2.0, QUESTION, 1.0, rate=RATE)) as visit:
        await visit.call()
        log = visit.page.get_by_role("log")
        await expect(log.locator(".caller .words")).to_have_text("what can you do for me", timeout=LONG)
        await is_heard(visit)
        await expect(visit.page.locator("#floor")).to_have_text("Speaking")
        await expect(log.locator(".reply .words")).to_contain_text("I can listen to you", timeout=LONG)
        assert "until somebody tells me to stop" not in await log.inner_text()  # not before it has been heard
        await expect(log.locator(".latency")).to_contain_text("answered in")
        await expect(log.locator(".reply .words")).to_contain_text("until somebody tells me to stop.", timeout=LONG)
        await expect(visit.page.locator("#floor")).to_have_text("Listening")
        await expect(log.locator(".cut")).to_have_count(0)


async def test_speaking_over_the_answer_stops_it(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, says(2.0, QUESTION, 3.0, INTERRUPTION, rate=RATE)) as visit:  # in mid-sentence
        await visit.page.evaluate(REMEMBER_FLOORS)
        await visit.call()
        log = visit.page.get_by_role("log")
        await is_heard(visit)
        await expect(log.locator(".reply .cut")).to_have_text("interrupted here", timeout=LONG)
        await expect(log.locator(".reply").first).to_contain_text("I can listen to you")
        await expect(log.locator(".reply del")).not_to_be_empty()  # the rest of its sentence
        assert "yielding" in await visit.page.evaluate("window.floors")  # for less than a quarter of a second
        assert not await log.locator(".reply .rest, .reply .now").count()
        await is_silent(visit)
        await expect(log.locator(".caller .words")).to_have_text(["what can you do for me", "stop please"], timeout=LONG)
        await expect(log.locator(".reply .words").last).to_have_text("Of course. I have stopped.", timeout=LONG)


async def test_the_stop_button_ends_the_answer(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        await visit.type("Tell me everything")
        await is_heard(visit)
        await visit.page.get_by_role("button", name="Stop the reply").click()
        await expect(visit.page.locator(".reply .cut")).to_have_text("interrupted here")
        await is_silent(visit)
        await expect(visit.page.locator("#floor")).to_have_text("Listening")


async def test_typed_text_is_answered_aloud(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        await visit.type("<b>Hello</b> there")
        await expect(visit.page.locator(".caller .words")).to_have_text("<b>Hello</b> there")
        await is_heard(visit)
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can listen to you", timeout=LONG)


async def test_nothing_is_heard_from_a_muted_microphone(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, says(2.0, QUESTION, 3.0, "And one more thing", 1.0, rate=RATE)) as visit:
        await visit.call()
        mute = visit.page.locator("#mute")
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await expect(visit.page.get_by_text("Microphone off")).to_be_visible()
        await visit.page.wait_for_timeout(4500)  # the recording says its question meanwhile
        await expect(visit.page.locator(".caller")).to_have_count(0)
        await mute.click()
        await expect(visit.page.locator(".caller .words")).to_have_text("what can you do for me", timeout=LONG)  # its first stretch of speech


async def test_hanging_up_frees_the_call(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        assert await calls(server) == 1
        await visit.page.get_by_role("button", name="Hang up").click()
        await expect(visit.page.locator("#floor")).to_have_text("Call ended")
        await has_no_calls(visit, server)
        await visit.page.get_by_role("button", name="Call again").click()
        await visit.page.wait_for_selector("body[data-phase=live]")


async def test_closing_the_page_frees_the_call(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        await visit.page.goto("about:blank")
        await has_no_calls(visit, server)


async def test_every_turn_of_a_long_conversation_has_its_place(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    mistral.script = Script(utterances=["one", "two", "three"], replies=lambda messages: f"You said {messages[-1]['content']}.")
    async with (
        serve() as server,
        browse(server.url, says(2.0, "One thing", 3.0, "Another thing", 3.0, "And one more thing", 1.0, rate=RATE)) as visit,
    ):
        await visit.call()
        await expect(visit.page.locator(".turn .words")).to_have_text(
            ["one", "You said one.", "two", "You said two.", "three", "You said three."], timeout=2 * LONG
        )


async def test_without_a_key_everything_runs_on_this_machine(serve: Serve, browse: Browse) -> None:
    async with serve(key=False) as server, browse(server.url, says(8.0, INTERRUPTION, 6.0, INTERRUPTION, 6.0, INTERRUPTION, rate=RATE)) as visit:
        await visit.call()
        log = visit.page.get_by_role("log")
        await expect(log.locator(".reply .words").first).to_contain_text("Hello!", timeout=LONG)  # it speaks first
        await is_heard(visit)
        await visit.type("Tell me a story")
        await expect(log.locator(".reply .words").last).to_contain_text("Once", timeout=LONG)
        await expect(log.locator(".caller:not([data-typed]) .words").first).not_to_be_empty(
            timeout=2 * LONG
        )  # some words: the recogniser is a modest one
        await expect(log.locator(".reply .cut").last).to_be_visible(timeout=LONG)
