"""The application of docs/howto/react.md, as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from voicegraph.testing.speech import says

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve
    from tests.clients.conftest import Bundle

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "react.md"
LONG = 20_000


def block(language: str) -> str:
    """The page's only code block in that language."""
    [code] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return str(code)


@pytest.fixture
def application(bundle: Bundle, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.jsx").write_text(block("jsx"))
    (folder / "index.html").write_text(block("html"))
    bundle(folder / "app.jsx", folder)
    return folder


def test_the_versions_are_those_that_are_tested() -> None:
    pinned = json.loads((Path(__file__).parent / "package.json").read_text())["dependencies"]
    named = re.findall(r"(@pipecat-ai/[a-z-]+)@([\d.]+)", GUIDE.read_text(encoding="utf-8"))
    assert dict(named) == {name: version for name, version in pinned.items() if name.startswith("@pipecat-ai/")}


@pytest.mark.browser
async def test_the_page_holds_a_conversation(serve: Serve, browse: Browse, application: Path) -> None:
    question = says(1.0, "What can you do for me?", 1.0, rate=48_000)
    async with serve("--page", str(application)) as server, browse(server.url, question) as visit:
        page = visit.page
        await page.get_by_role("button", name="Call").click()
        await expect(page.get_by_role("status")).to_have_text("ready", timeout=LONG)
        await expect(page.locator("li.user")).to_have_text("what can you do for me", timeout=LONG)
        await expect(page.locator("li.assistant > span").first).to_contain_text("I can listen to you while I speak.", timeout=LONG)
        await expect(page.locator("li.assistant > span > span").first).to_be_empty(timeout=LONG)  # its first sentence has been spoken
        assert await page.evaluate("document.querySelector('audio').srcObject.getAudioTracks()[0].muted") is False
        await page.get_by_label("Type instead of speaking").fill("And stop")
        await page.keyboard.press("Enter")
        await expect(page.locator("li.user").last).to_have_text("And stop")
        await expect(page.locator("li.assistant").last).to_contain_text("Of course. I have stopped.", timeout=LONG)
        await page.get_by_role("button", name="Hang up").click()
        await expect(page.get_by_role("status")).to_have_text("disconnected")
        visit.complaints[:] = [line for line in visit.complaints if "atomFamily" not in line]  # the hooks' own, about a library of theirs
