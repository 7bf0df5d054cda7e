"""A caller lends the agent a voice: by the microphone or a file, and never without having agreed."""

from __future__ import annotations

import base64
import io
import wave
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import RATE
from tests.browser.test_axe import is_fine
from voicegraph.audio.wav import wav_bytes
from voicegraph.testing.mistral import MistralServer, Received, Script
from voicegraph.testing.speech import murmur, says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

pytestmark = pytest.mark.browser

LONG = 15_000
READING = "I am the person who speaks in this recording, and I agree that the agent answers in a copy of my voice. Now I read on for a while."
ENDS_ABOVE_THE_BUTTONS = """panel =>
    panel.getBoundingClientRect().bottom <= document.querySelector(".dock").getBoundingClientRect().top"""


def file(seconds: float) -> FilePayload:
    return {"name": "voice.wav", "mimeType": "audio/wav", "buffer": wav_bytes(murmur(seconds), 24_000)}


def brings(record: Received) -> bool:
    return "ref_audio" in record.message.get("session", ())


def seconds(record: Received) -> float:
    with wave.open(io.BytesIO(base64.b64decode(record.message["session"]["ref_audio"]))) as wav:
        return float(wav.getnframes() / wav.getframerate())


async def agree(visit: Visit) -> Any:
    """Call, open the panel and agree; the panel."""
    await visit.call()
    panel = visit.page.locator("#own-voice")
    await panel.locator("summary").click()
    await expect(panel.get_by_role("button", name="Record", exact=True)).to_be_disabled()
    await expect(panel.get_by_role("button", name="Upload a recording")).to_be_disabled()
    await panel.get_by_role("checkbox", name="I agree that the agent answers in a copy of my voice").check()
    return panel


async def test_a_voice_is_recorded_on_the_page_while_the_agent_does_not_listen(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    mistral.script = Script(replies=["Yes."])
    async with serve("--graph", "cloned_voice") as server, browse(server.url, says(2.0, READING, READING, rate=RATE)) as visit:
        panel = await agree(visit)
        await panel.get_by_role("button", name="Record", exact=True).click()
        await expect(visit.page.locator("#muted-tag")).to_be_visible()
        await is_fine(visit.page, "recording")
        await expect(panel.get_by_role("status")).to_contain_text("Recording, 8 s.", timeout=LONG)
        before = await visit.page.locator(".turn").count()
        await panel.get_by_role("button", name="Done").click()
        await expect(panel.get_by_role("status")).to_contain_text("From the next answer on it speaks with this voice", timeout=LONG)
        await expect(visit.page.locator("#muted-tag")).to_be_hidden()
        assert seconds(await mistral.wait_for(Received, brings)) > 3.0
        assert before == 0
        await panel.get_by_role("button", name="Forget my voice").click()
        await expect(panel.get_by_role("status")).to_contain_text("Your voice is forgotten")
        await expect(panel.get_by_role("button", name="Forget my voice")).to_be_hidden()


async def test_a_file_is_uploaded_and_one_that_will_not_do_is_explained(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    async with serve("--graph", "cloned_voice") as server, browse(server.url, viewport=(360, 640)) as visit:
        visit.forgiven = "422"
        panel = await agree(visit)
        choose = panel.locator("input[type=file]")
        await choose.set_input_files(file(1.0))
        await expect(panel.get_by_role("status")).to_contain_text("at least 3 s are needed")
        await is_fine(visit.page, "refused")
        await choose.set_input_files(file(6.0))
        await expect(panel.get_by_role("status")).to_contain_text("(6 s were taken)")
        assert seconds(await mistral.wait_for(Received, brings)) == pytest.approx(6.0, abs=0.1)
        await visit.page.set_viewport_size({"width": 360, "height": 640})
        await panel.get_by_role("button", name="Forget my voice").click()
        await expect(panel.get_by_role("status")).to_be_in_viewport()
        assert await panel.evaluate(ENDS_ABOVE_THE_BUTTONS)
        await visit.page.get_by_role("button", name="Hang up").click()
        await expect(panel).to_be_hidden()


async def test_a_server_that_takes_over_is_given_the_voice_again(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    async with serve("--graph", "cloned_voice") as first, browse(first.url) as visit:
        visit.forgiven = "Failed to load resource"
        panel = await agree(visit)
        await panel.locator("input[type=file]").set_input_files(file(6.0))
        await mistral.wait_for(Received, brings, count=2)  # the connection in use and the spare one
        await first.die()
        port = first.url.rpartition(":")[2]
        async with serve("--graph", "cloned_voice", "--port", port):
            await mistral.wait_for(Received, brings, count=4, timeout=LONG / 1000)
            await expect(visit.page.locator("body[data-phase=live]")).to_be_attached()


async def test_other_graphs_ask_for_no_voice(serve: Serve, browse: Browse) -> None:
    async with serve("--graph", "echo") as server, browse(server.url) as visit:
        await visit.call()
        await expect(visit.page.locator("#own-voice")).to_be_hidden()
