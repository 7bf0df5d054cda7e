"""What the page shows beside plain words: captions, who spoke, sources, tools, and what was withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.test_axe import is_fine
from tests.browser.test_transcript import answered, fact, heard, spoken

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit
    from tests.browser.test_transcript import Told

pytestmark = pytest.mark.browser

SHOW = """async (told) => {
    const { Transcript } = await import("./transcript.js");
    const log = document.getElementById("log");
    for (const id of ["title", "lead", "chooser"]) document.getElementById(id).hidden = true;
    log.hidden = false;
    const transcript = new Transcript(log);
    transcript.clear();
    for (const [type, data] of told) transcript.take(type, data);
    return transcript.text.trimEnd().split("\\n");
}"""


@pytest.fixture
async def page(serve: Serve, browse: Browse) -> Any:
    async with serve() as server, browse(server.url) as visit:
        yield visit


async def show(visit: Visit, *told: Told) -> tuple[Locator, list[str]]:
    """The log that shows these messages, and what would be saved of it."""
    saved = await visit.page.evaluate(SHOW, told)
    return visit.page.locator("#log"), saved


def caption(line: int, settled: str, ahead: str = "", final: bool = False) -> Told:
    return fact("caption", line=line, settled=settled, ahead=ahead, final=final)


async def test_words_of_a_caption_settle_and_those_ahead_stand_lighter(page: Visit) -> None:
    log, _ = await show(page, caption(0, "", "where"), caption(0, "where is", "the sta"))
    await expect(log.locator(".caller .words")).to_have_text("where is the sta")
    await expect(log.locator(".partial")).to_have_text("the sta")
    await is_fine(page.page, "a caption")


async def test_a_line_is_replaced_also_after_the_next_one_has_begun(page: Visit) -> None:
    _, saved = await show(
        page, caption(0, "wear is it"), caption(1, "", "and"), caption(0, "Where is it?", final=True), caption(1, "And when?", final=True)
    )
    assert saved == ["You: Where is it?", "You: And when?"]


async def test_a_clip_says_who_spoke_and_is_not_told_twice(page: Visit) -> None:
    parts = [
        {"speaker": "speaker_1", "start": 0.1, "end": 1.5, "text": "The train?"},
        {"speaker": "speaker_2", "start": 1.8, "end": 2.6, "text": "Rather the bus."},
    ]
    told = fact("utterance", segment=0, text="The train? Rather the bus.", parts=parts, language=None)
    log, saved = await show(page, told, *answered("[0.1s -> 1.5s] speaker_1: The train?"), spoken(1, "The bus, then."))
    await expect(log.locator(".caller .speaker")).to_have_text(["Speaker 1", "Speaker 2"])
    assert saved == ["You: Speaker 1: The train? Speaker 2: Rather the bus.", "Agent: The bus, then."]
    await is_fine(page.page, "an utterance")


async def test_without_speakers_a_clip_is_plain_words(page: Visit) -> None:
    told = fact("utterance", segment=0, text="Rather the bus.", parts=[], language="en")
    log, saved = await show(page, told)
    await expect(log.locator(".speaker")).to_have_count(0)
    assert saved == ["You: Rather the bus."]


async def test_sources_are_links_to_another_tab_that_learns_nothing_of_this_one(page: Visit) -> None:
    sources = [{"url": "https://weather.example/paris", "title": "Weather"}, {"url": "https://rain.example/", "title": ""}]
    log, saved = await show(page, *answered("rain?"), spoken(1, "It rains."), fact("sources", reply=1, sources=sources))
    links = log.locator(".reply .sources a")
    await expect(links).to_have_text(["Weather", "rain.example"])
    for link in await links.all():
        await expect(link).to_have_attribute("target", "_blank")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
    assert saved == ["Agent: It rains. <https://weather.example/paris> <https://rain.example/>"]
    await is_fine(page.page, "sources")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "no address"])
async def test_what_is_no_web_address_is_no_link(page: Visit, url: str) -> None:
    log, _ = await show(page, *answered("?"), spoken(1, "Here."), fact("sources", reply=1, sources=[{"url": url, "title": "<b>Free</b>"}]))
    await expect(log.locator(".sources li")).to_have_text("<b>Free</b>")
    await expect(log.locator(".sources a")).to_have_count(0)


NOTES: dict[str, tuple[list[Told], list[str]]] = {
    "a search": ([fact("tool", reply=1, name="web_search")], ["(Searching the web…)"]),
    "a turn that was blocked": (
        [heard("how do I", final=True), fact("moderation", side="caller", blocked=["violence_and_threats"])],
        ["You: how do I", "(What you said was not passed on (violence and threats).)"],
    ),
    "a reply that was blocked": (
        [fact("moderation", side="reply", blocked=["pii", "law"])],
        ["(A part of the answer was withheld (pii, law).)"],
    ),
    "nobody could check": (
        [fact("moderation", side="reply", blocked=["unchecked"])],
        ["(A part of the answer was withheld: it could not be checked.)"],
    ),
    "a stand-in takes over": (
        [fact("failover", node="tts", to="espeak_tts", why="The service is down.")],
        ["(tts goes on with espeak_tts: The service is down.)"],
    ),
    "a request that was refused": ([fact("moderation", side="caller", blocked=["guardrails"])], ["(What you said was not passed on.)"]),
}


async def test_what_else_happens_is_a_small_note(page: Visit) -> None:
    saved = {case: (await show(page, *told))[1] for case, (told, _) in NOTES.items()}
    assert saved == {case: expected for case, (_, expected) in NOTES.items()}
