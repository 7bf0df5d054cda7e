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
    const marks = { MARK: ["<", ">"], DEL: ["-", "-"] }; // the word that is being heard, and what is struck off; a partial and the rest in brackets
    const text = (node) => {
        if (!node.tagName) return node.textContent;
        const [before, after] = marks[node.tagName] ?? (node.matches(".partial, .rest") ? ["(", ")"] : ["", ""]);
        return before + [...node.childNodes].map(text).join("") + after;
    };
    const shown = [...log.children].filter((node) => !node.hidden).map((node) => text(node.querySelector(".words") ?? node).trim());
    return { shown, saved: transcript.text };
}"""


def heard(text: str, segment: int = 0, final: bool = False) -> Told:
    return ("user-transcription", {"text": text, "segment": segment, "final": final})


def answered(text: str) -> list[Told]:
    return [("user-llm-text", {"text": text}), ("bot-llm-started", {})]


def spoken(segment: int, text: str, shown: int | None = None) -> Told:
    progress = {"accumulated_text": text[:shown], "remaining_text": "" if shown is None else text[shown:]}
    return ("bot-output", {"segment_id": segment, "text": text, "will_be_spoken": True, "spoken_progress": progress})


def fact(t: str, **d: Any) -> Told:
    return ("server-message", {"t": t, "d": d})


CASES: dict[str, tuple[list[Told], list[str]]] = {
    "words grow and segments of one turn follow each other": (
        [heard("where"), heard("where is"), heard("Where is", final=True), heard("the sta", 1), heard("the station?", 1, final=True)],
        ["Where is the station?"],
    ),
    "words that are not certain stand lighter": ([heard("Where is", final=True), heard("the sta", 1)], ["Where is (the sta)"]),
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
        ["yes", "<Really?>", "yes"],
    ),
    "the same words again without final ones are another turn": (
        [heard("yes"), *answered("yes"), spoken(1, "Really?"), heard("yes", 1)],
        ["yes", "<Really?>", "(yes)"],
    ),
    "a reply shows what was heard, what is being heard, and the rest of its sentence": (
        [*answered(""), spoken(1, "One two.", 0), spoken(2, "Three four five.", 0), spoken(1, "One two."), spoken(2, "Three four five.", 10)],
        ["One two. Three <four>( five.)"],
    ),
    "a sentence that the voice has not reached is not shown": (
        [*answered(""), spoken(1, "One two.", 0), spoken(2, "Three four.", 0), spoken(1, "One two.", 3)],
        ["<One>( two.)"],
    ),
    "when the voice is silent no word is marked": ([*answered(""), spoken(1, "One two."), ("bot-stopped-speaking", {})], ["One two."]),
    "an answer for the screen only is no voice": (
        [*answered(""), ("bot-output", {"segment_id": 1, "text": "One two.", "will_be_spoken": False})],
        ["One two."],
    ),
    "what an interrupted reply did not get to say is struck off": (
        [*answered(""), spoken(1, "One two.", 3), ("bot-stopped-speaking", {}), fact("bot-interrupted", reply=1, heard="One", why="words")],
        ["One- two.- interrupted here"],
    ),
    "a reply that nobody heard vanishes and its turn goes on": (
        [heard("book a", final=True), *answered("book a"), fact("bot-interrupted", reply=1, heard="", why="words"), heard("table", 1, final=True)],
        ["book a table"],
    ),
    "a reply's last words find their place after the caller has begun to speak": (
        [*answered(""), spoken(1, "One two.", 3), heard("no", final=True), spoken(1, "One two.")],
        ["One <two.>", "no"],
    ),
    "what a tool is asked, and what comes of it, stands between the words": (
        [
            *answered(""),
            ("llm-function-call-started", {"function_name": "weather"}),
            ("llm-function-call-in-progress", {"function_name": "weather", "tool_call_id": "a", "arguments": {"town": "Paris", "days": 2}}),
            ("llm-function-call-in-progress", {"function_name": "now", "tool_call_id": "b", "arguments": {}}),
            ("llm-function-call-in-progress", {"function_name": "book", "tool_call_id": "c", "arguments": {"people": [1]}}),
            ("llm-function-call-stopped", {"function_name": "weather", "tool_call_id": "a", "cancelled": False, "result": "Sunny."}),
            ("llm-function-call-stopped", {"function_name": "book", "tool_call_id": "c", "cancelled": True}),
            ("llm-function-call-stopped", {"function_name": "gone", "tool_call_id": "d", "cancelled": True}),
        ],
        ["weather (Paris, 2): Sunny.", "now …", "book ([1]): interrupted"],
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
    shown = {case: (await show.page.evaluate(SHOW, told))["shown"] for case, (told, _) in CASES.items()}
    assert shown == {case: expected for case, (_, expected) in CASES.items()}


async def test_what_is_saved_is_what_was_said_and_heard(show: Visit) -> None:
    told = [
        *(heard("hello", final=True), *answered("Hello."), spoken(1, "Good day."), ("bot-stopped-speaking", {})),
        *(heard("tell me", 1), *answered("Tell me."), spoken(2, "Once upon a time.", 9), ("error", {"error": "The voice failed.", "fatal": False})),
        fact("bot-interrupted", reply=2, heard="Once upon", why="interrupted"),
    ]
    saved = (await show.page.evaluate(SHOW, told))["saved"]
    assert saved.splitlines() == ["You: Hello.", "Agent: Good day.", "You: Tell me.", "Agent: Once upon [interrupted]", "(The voice failed.)"]


async def test_another_server_counts_anew_and_writes_over_nothing(show: Visit) -> None:
    handed_over = """async ([first, second]) => {
        const { Transcript } = await import("./transcript.js");
        const log = document.createElement("div");
        const transcript = new Transcript(log);
        for (const [type, data] of first) transcript.take(type, data);
        transcript.settle();
        for (const [type, data] of second) transcript.take(type, data);
        return transcript.text;
    }"""
    told = [heard("one", final=True), *answered("One."), spoken(1, "Two.")]
    again = [heard("three", final=True), *answered("Three."), spoken(1, "Four.")]
    assert (await show.page.evaluate(handed_over, [told, again])).splitlines() == ["You: One.", "Agent: Two.", "You: Three.", "Agent: Four."]
