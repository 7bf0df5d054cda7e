"""How transcript.js turns messages into the words on the page, in the cases that a smooth call does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

pytestmark = pytest.mark.browser

Told = tuple[str, dict[str, Any]]

SHOW = """async (told) => {
    const { Transcript } = await import("./transcript.js");
    const log = document.createElement("div");
    document.body.append(log);
    const transcript = new Transcript(log);
    for (const [type, data] of told) transcript.take(type, data);
    return [...log.children].filter((node) => !node.hidden).map((node) => (node.querySelector(".words") ?? node).textContent.trim());
}"""


def heard(text: str, segment: int = 0, final: bool = False) -> Told:
    return ("user-transcription", {"text": text, "segment": segment, "final": final})


def answered(text: str) -> list[Told]:
    return [("user-llm-text", {"text": text}), ("bot-llm-started", {})]


def spoken(segment: int, text: str, shown: int | None = None) -> Told:
    progress = {"accumulated_text": text[:shown], "remaining_text": ""}
    return ("bot-output", {"segment_id": segment, "text": text, "will_be_spoken": True, "spoken_progress": progress})


def fact(t: str, **d: Any) -> Told:
    return ("server-message", {"t": t, "d": d})


CASES: dict[str, tuple[list[Told], list[str]]] = {
    "words grow and segments of one turn follow each other": (
        [heard("where"), heard("where is"), heard("Where is", final=True), heard("the sta", 1), heard("the station?", 1, final=True)],
        ["Where is the station?"],
    ),
    "the turn's late final words do not make another turn": (
        [
            heard("where is the"),
            *answered("where is the"),
            heard("where is the station", final=True),
            fact("user-amended", text="Where is the station?"),
        ],
        ["Where is the station?"],
    ),
    "the same words said again are another turn": (
        [heard("yes", final=True), *answered("yes"), spoken(1, "Really?"), heard("yes", 1, final=True)],
        ["yes", "Really?", "yes"],
    ),
    "the same words again without final ones are another turn": (
        [heard("yes"), *answered("yes"), spoken(1, "Really?"), heard("yes", 1)],
        ["yes", "Really?", "yes"],
    ),
    "a reply shows what was heard": (
        [*answered(""), spoken(1, "One two.", 0), spoken(2, "Three four.", 0), spoken(1, "One two."), spoken(2, "Three four.", 5)],
        ["One two. Three"],
    ),
    "an interrupted reply shows where": (
        [*answered(""), spoken(1, "One two.", 3), fact("bot-interrupted", reply=1, heard="One", why="words")],
        ["One interrupted here"],
    ),
    "a reply that nobody heard vanishes and its turn goes on": (
        [heard("book a", final=True), *answered("book a"), fact("bot-interrupted", reply=1, heard="", why="words"), heard("table", 1, final=True)],
        ["book a table"],
    ),
    "a reply's last words find their place after the caller has begun to speak": (
        [*answered(""), spoken(1, "One two.", 3), heard("no"), spoken(1, "One two.")],
        ["One two.", "no"],
    ),
    "a problem is told, and one that ends the call is left to the notice": (
        [("error", {"error": "The voice failed.", "fatal": False}), ("error", {"error": "Over.", "fatal": True})],
        ["The voice failed."],
    ),
}


@pytest.fixture
async def show(serve: Serve, browse: Browse) -> Any:
    async with serve() as server, browse(server.url) as visit:
        yield visit


async def test_every_message_finds_its_place(show: Visit) -> None:
    shown = {case: await show.page.evaluate(SHOW, told) for case, (told, _) in CASES.items()}
    assert shown == {case: expected for case, (_, expected) in CASES.items()}
