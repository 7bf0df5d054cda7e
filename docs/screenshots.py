"""Make docs/images/page*.png from the real page: `python docs/screenshots.py`. Needs Chromium and the font Inter (Debian: chromium, fonts-inter).

A real server and a real browser; what is said comes from the project's stand-in for Mistral, so the pictures need no key.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, async_playwright, expect

from voicegraph.audio.wav import wav_bytes
from voicegraph.testing.mistral import MistralServer, Script
from voicegraph.testing.speech import says

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
RATE = 48_000
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
FIRST = "A lighthouse tells a ship at night where the coast is. Every lamp has its own rhythm, so that a captain knows which one it is."
SECOND = "Hardly anybody today. Most of them have been looking after themselves for thirty years, and the keepers' rooms are let to guests."
SCRIPT = Script(
    utterances=["What is a lighthouse for?", "And who lives in one?"],
    replies=lambda messages: SECOND if "lives" in messages[-1]["content"] else FIRST,
)


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    size: tuple[int, int]
    theme: Literal["light", "dark"]
    view: str = "Call"


PICTURES = (
    Picture("page", (960, 800), "light"),
    Picture("page-dark", (960, 800), "dark"),
    Picture("page-phone", (390, 800), "light"),
    Picture("page-time", (1280, 1000), "light", view="Time"),
)


def question(path: Path) -> Path:
    """What the microphone hears: a question, and another one over the answer to the first."""
    path.write_bytes(wav_bytes(says(2.0, "What is a lighthouse for?", 6.5, "And who lives in one?", rate=RATE), RATE))
    return path


async def take(browser: Browser, url: str, picture: Picture) -> None:
    """Call, let the conversation go on until the second answer is under way, and take the picture."""
    context = await browser.new_context(viewport={"width": picture.size[0], "height": picture.size[1]}, color_scheme=picture.theme)
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("button", name="Call").click()
    await expect(page.locator(".reply .cut")).to_be_visible(timeout=30_000)
    await expect(page.locator(".reply .words").last).to_contain_text("looking after themselves", timeout=30_000)
    await page.get_by_role("tab", name=picture.view).click()
    await page.screenshot(path=IMAGES / f"{picture.name}.png")
    await context.close()


def chromium() -> str:
    finder = ROOT / "tests" / "browser" / "find_browser.py"
    return subprocess.run([sys.executable, str(finder)], capture_output=True, text=True, check=True).stdout.strip()


async def main(chromium: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        microphone = question(Path(folder) / "microphone.wav")
        async with MistralServer(SCRIPT) as mistral, async_playwright() as playwright:
            environment = os.environ | {"MISTRAL_API_KEY": "any", "MISTRAL_BASE_URL": mistral.url}
            command = (sys.executable, "-m", "voicegraph", "serve", "--port", "0", "--workers", "1")
            server = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
            assert server.stdout is not None
            url = next(word for word in (await server.stdout.readline()).decode().split() if word.startswith("http"))
            for picture in PICTURES:
                flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"]
                browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
                await take(browser, url, picture)
                await browser.close()
            server.terminate()
            await server.communicate()


if __name__ == "__main__":
    asyncio.run(main(chromium()))
