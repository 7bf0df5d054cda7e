"""A real Chromium, a real server process, and Mistral's API on loopback.

Each test launches its own browser: what the fake microphone says is a launch option.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright

from voicegraph.audio.wav import wav_bytes
from voicegraph.core.sound import Pcm
from voicegraph.testing.mistral import Delays, MistralServer, Script

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
ALLOWED = "--use-fake-ui-for-media-stream"
REFUSED = "--deny-permission-prompts"
RATE = 48_000
LISTEN = (Path(__file__).parent / "listen.js").read_text(encoding="utf-8")
"""In every page: says whether the audio element is heard."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser. Without one the tests are skipped, but on CI they fail."""
    finder = Path(__file__).with_name("find_browser.py")
    path = subprocess.run([sys.executable, str(finder)], capture_output=True, text=True, check=True).stdout.strip()
    if path:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail("There is no Chromium on this machine: `make test` installs one.")
    pytest.skip("There is no Chromium on this machine: install one, or name it in VOICEGRAPH_BROWSER.")


@dataclass(slots=True)
class Server:
    """`voicegraph serve` in a process of its own."""

    url: str
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        await self.process.communicate()

    async def die(self) -> None:
        """As a power cut does."""
        self.process.kill()
        await self.process.communicate()


Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
async def mistral() -> AsyncIterator[MistralServer]:
    """What it says may be changed by the test. Its answer is long enough to be talked over."""
    script = Script(utterances=["what can you do for me", "stop please", "and one more thing"], replies=_answer)
    async with MistralServer(script, Delays()) as server:
        yield server


def _answer(messages: list[dict[str, Any]]) -> str:
    """By what was said, not by count: an answer may be begun and dropped when the caller goes on after a pause."""
    if "stop" in messages[-1]["content"]:
        return "Of course. I have stopped."
    return "I can listen to you while I speak. I can think for a moment. I can answer at length, as I do now, until somebody tells me to stop."


@pytest.fixture
def serve(mistral: MistralServer) -> Serve:
    """`async with serve("--max-calls", "1") as server`: the server with these options, its Mistral being the fixture's."""

    @asynccontextmanager
    async def serve(*options: str, key: bool = True) -> AsyncIterator[Server]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MISTRAL_")}
        if key:
            environment |= {"MISTRAL_API_KEY": "any", "MISTRAL_BASE_URL": mistral.url}
        command = (sys.executable, "-m", "voicegraph", "serve", "--port", "0", "--workers", "1", *options)
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        server = Server(next(word for word in line.split() if word.startswith("http")), process)
        try:
            yield server
        finally:
            await server.stop()

    return serve


@dataclass(slots=True)
class Visit:
    """One page in one browser, and what went wrong in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of its console."""
    hosts: set[str] = field(default_factory=set)
    """Everybody it has asked for something."""
    welcome: set[str] = field(default_factory=set)
    """Other hosts than the page's own that it may ask."""
    forgiven: str | None = None
    """What its console may complain of."""

    async def call(self) -> None:
        """Press the button and wait until the call is up."""
        await self.page.get_by_role("button", name="Call", exact=True).click()
        await self.page.wait_for_selector("body[data-phase=live]")

    async def type(self, text: str) -> None:
        """Write this and send it."""
        await self.page.get_by_label("Type instead of speaking").fill(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()


Browse = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture
def browse(chromium: str, tmp_path: Path) -> Browse:
    """`async with browse(url, says=pcm) as visit`: a browser on that page, whose microphone says this once (48 kHz) and is then silent.

    microphone: False for a browser that refuses it. flags: more of the browser's own. viewport: width and height of the window.
    Other hosts than the page's must not be asked, and the console must stay clean: checked at the end, unless the test takes the complaints away.
    """

    @asynccontextmanager
    async def browse(
        url: str, says: Pcm | None = None, *, microphone: bool = True, flags: Sequence[str] = (), viewport: tuple[int, int] = (1100, 800)
    ) -> AsyncIterator[Visit]:
        wav = tmp_path / "microphone.wav"
        wav.write_bytes(wav_bytes(np.zeros(RATE, np.int16) if says is None else says, RATE))
        device = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={wav}%noloop", ALLOWED if microphone else REFUSED)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *device, *flags])
            context = await browser.new_context(viewport={"width": viewport[0], "height": viewport[1]})
            page = await context.new_page()
            visit = Visit(page)
            page.on("console", lambda message: _note(visit, message))
            page.on("pageerror", lambda error: visit.complaints.append(str(error)))
            page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).netloc))
            await page.add_init_script(LISTEN)
            await page.goto(url)
            yield visit
            await browser.close()
        assert visit.hosts - visit.welcome == {urlsplit(url).netloc}
        assert visit.complaints == []

    return browse


def _note(visit: Visit, message: ConsoleMessage) -> None:
    forgiven = visit.forgiven is not None and visit.forgiven in message.text
    if message.type in ("error", "warning") and not forgiven:
        visit.complaints.append(message.text)
