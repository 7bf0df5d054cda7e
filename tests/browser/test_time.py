"""The view "Time": figures of a real call, and the call to take along."""

from __future__ import annotations

import asyncio
import io
import json
import re
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Download, Page, expect

from tests.browser.conftest import RATE
from tests.browser.test_calling import INTERRUPTION, QUESTION
from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve

pytestmark = pytest.mark.browser

LONG = 15_000
MILLISECONDS = re.compile(r"^\d+ ms$")

ROWS = """() => [...document.querySelectorAll(".waterfall:last-child tbody tr")].map((row) => {
    const bar = (name) => Number(row.querySelector(".bar").style.getPropertyValue(name));
    return [row.cells[0].textContent, bar("--from"), bar("--part"), parseInt(row.cells[2].textContent)];
})"""


async def content(download: Download) -> bytes:
    return await asyncio.to_thread(Path.read_bytes, await download.path())


async def save(page: Page, name: str) -> Download:
    async with page.expect_download() as saving:
        await page.get_by_text(name).click()
    return await saving.value


async def test_a_call_tells_where_its_time_went(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    graph = tmp_path / "taped.yaml"
    graph.write_text(f"about: Taped.\nextends: voxtral\nnodes:\n  recorder: {{use: recorder, path: '{tmp_path}/{{session}}.wav'}}\n")
    async with serve("--graph", str(graph)) as server, browse(server.url, says(2.0, QUESTION, 4.0, INTERRUPTION, rate=RATE)) as visit:
        page = visit.page
        await page.get_by_role("tab", name="Time").click()
        await expect(page.locator("#answer-note")).to_have_text("no answer yet")
        await visit.call()
        await expect(page.locator("#answer-note")).to_have_text("median of 2 answers", timeout=2 * LONG)

        rows = await page.evaluate(ROWS)
        total = int((await page.locator(".waterfall:last-child .total strong").inner_text()).removesuffix(" ms"))
        assert sum(ms for *_, ms in rows) == total
        ends = [start + part for _, start, part, _ in rows]
        assert [start for _, start, *_ in rows] == pytest.approx([0, *ends[:-1]], abs=0.001), "each begins where the one before ended"
        assert ends[-1] == pytest.approx(1, abs=0.001)
        assert {"agent.reply", "tts.audio", "until the first sound left"} <= {name for name, *_ in rows}
        assert not [name for name, *_ in rows if name.endswith(".events")], "what is told beside the reply is no stage of it"
        await expect(page.locator(".waterfall").last.get_by_role("heading")).to_have_text("what can you do for me")

        await expect(page.locator("#barge-in-note")).to_have_text("median of 1 interruption", timeout=LONG)
        for figure in ("answer", "barge-in", "round-trip", "jitter", "playout"):
            await expect(page.locator(f"#{figure}")).to_have_text(MILLISECONDS, timeout=LONG)
        await expect(page.locator("#loss")).to_have_text(re.compile(r"^[\d.]+ % / [\d.]+ %$"), timeout=LONG)

        assert "You: what can you do for me\n" in (words := (await content(await save(page, "Save the words"))).decode())
        assert "[interrupted]\n" in words
        events = [json.loads(line) for line in (await content(await save(page, "Save the events"))).splitlines()]
        assert {"user-transcription", "bot-output", "line"} <= {event["type"] for event in events}
        recording = await content(await save(page, "Save the sound"))
        with wave.open(io.BytesIO(recording)) as wav:
            assert wav.getnchannels() == 2
        await page.get_by_role("button", name="Hang up").click()
        await save(page, "Save the sound")


BARGE_IN = """async (steps) => {
    const { BargeIn } = await import("./bargein.js");
    const bargeIn = new BargeIn();
    const found = [];
    let now = 0;
    for (const [ms, caller, reply, interrupted] of steps) {
        if (interrupted) bargeIn.interrupted();
        for (const end = now + ms; now < end; now += 20) {
            const took = bargeIn.hear(caller, reply, now);
            if (took !== null) found.push(Math.round(took));
        }
    }
    return found;
}"""
QUIET, LOUD = -90, -20

Step = tuple[int, int, int, bool]
INTERRUPTIONS: dict[str, tuple[list[Step], list[int]]] = {
    "speech over the reply, which falls silent after it": (
        [(1000, QUIET, LOUD, False), (240, LOUD, LOUD, False), (400, LOUD, QUIET, False), (600, LOUD, QUIET, True)],
        [220],
    ),
    "the reply's last sound comes after the word of its end": (
        [(1000, QUIET, LOUD, False), (200, LOUD, LOUD, False), (100, LOUD, LOUD, True), (600, LOUD, QUIET, False)],
        [280],
    ),
    "a cough that costs nothing": (
        [(1000, QUIET, LOUD, False), (300, LOUD, LOUD, False), (1000, QUIET, LOUD, False), (1000, QUIET, QUIET, False)],
        [],
    ),
    "after a cough": (
        [(1000, QUIET, LOUD, False), (300, LOUD, LOUD, False), (1000, QUIET, LOUD, False), (200, LOUD, LOUD, False), (600, LOUD, QUIET, True)],
        [180],
    ),
    "the stop button": ([(1000, QUIET, LOUD, False), (100, QUIET, LOUD, True), (600, QUIET, QUIET, False)], []),
    "a noise that was there before is no speech": (
        [(30_000, -60, QUIET, False), (1000, -60, LOUD, False), (100, -60, LOUD, True), (600, -60, QUIET, False)],
        [],
    ),
}

FIGURES = """async ([before, now]) => {
    const { figures } = await import("./line.js");
    const report = (entries) => entries && new Map(entries.map((entry) => [entry.id, entry]));
    return figures(report(before), report(now), 0.02);
}"""
INCOMING = {"id": "in", "type": "inbound-rtp", "kind": "audio"}
READINGS = (
    [INCOMING | {"packetsLost": 5, "packetsReceived": 100, "jitterBufferDelay": 1.0, "jitterBufferEmittedCount": 48000, "jitter": 0.001}],
    [
        INCOMING | {"packetsLost": 7, "packetsReceived": 148, "jitterBufferDelay": 3.4, "jitterBufferEmittedCount": 96000, "jitter": 0.004},
        {"id": "path", "type": "candidate-pair", "nominated": True, "state": "succeeded", "currentRoundTripTime": 0.03},
        {"id": "back", "type": "remote-inbound-rtp", "kind": "audio", "fractionLost": 0.25, "roundTripTime": 0.05},
    ],
)


async def test_what_is_measured_is_measured_right(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        measured = {case: await visit.page.evaluate(BARGE_IN, steps) for case, (steps, _) in INTERRUPTIONS.items()}
        assert measured == {case: expected for case, (_, expected) in INTERRUPTIONS.items()}

        line = await visit.page.evaluate(FIGURES, READINGS)
        assert line == pytest.approx({"roundTrip": 30, "jitter": 4, "playout": 20.05, "lossIn": 4, "lossOut": 25})
        delays = [None, 80, 85, 90, 120, 121, 100]
        report = "async (delays) => { const report = new (await import('./line.js')).PlayoutReport(); return delays.map((ms) => report.due(ms)); }"
        told = await visit.page.evaluate(report, delays)
        assert told == [False, True, False, True, True, False, True], "every other one, and a leap at once"
        nothing = await visit.page.evaluate(FIGURES, [None, []])
        assert set(nothing.values()) == {None}
