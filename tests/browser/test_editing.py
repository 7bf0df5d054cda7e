"""Editing a graph on the page: mistakes underlined as one types, called before it is saved, saved as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

LONG = 15_000
MINE = """# The telephone of a shop. ☎️ 🙂
about: A shop's telephone.
nodes:
  caller: webrtc_in   # microphone
  vad: webrtcvad
  stt: pocketsphinx_stt
  floor: {use: interruption, welcome: "Hello!"}
  agent: local_agent
  tts: espeak_tts
  upsampler: {use: resampler, rate: 24000}
  jitter: {use: jitter_buffer, cushion: 60ms}
  speaker: webrtc_out
  page: page
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "shop.yaml"
    file.write_text(MINE, encoding="utf-8")
    return file


def in_file(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def write(file: Path, text: str) -> None:
    """As another editor does."""
    file.write_text(text, encoding="utf-8")


async def open_editor(visit: Visit) -> Page:
    await expect(visit.page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
    await visit.page.get_by_role("tab", name="Edit").click()
    await expect(visit.page.locator(".cm-content")).to_contain_text("telephone")
    return visit.page


async def text_of(page: Page) -> str:
    lines = await page.locator(".cm-line").all_inner_texts()
    return "\n".join(line.rstrip("\n") for line in lines)


async def put_cursor_after(page: Page, text: str) -> None:
    """By the editor's own search, as a person might."""
    await page.locator(".cm-content").focus()
    await page.keyboard.press("Control+Home")
    await page.keyboard.press("Control+f")
    await page.get_by_role("textbox", name="Find").press_sequentially(text)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowRight")


async def erase(page: Page, count: int) -> None:
    for _ in range(count):
        await page.keyboard.press("Backspace")


@pytest.mark.browser
async def test_edit_mend_try_and_save(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        save = page.get_by_role("button", name="Save", exact=True)
        await expect(save).to_be_disabled()
        await put_cursor_after(page, "espeak_tts")
        await erase(page, 4)
        wrong = page.locator(".cm-lintRange-error")
        await expect(wrong).to_have_text("espeak")
        mistake = page.get_by_role("button", name="Line 9")
        await expect(mistake).to_contain_text("did you mean")
        await expect(save).to_be_disabled()
        await page.keyboard.press("Control+Home")
        await mistake.click()
        await page.keyboard.press("Control+ArrowRight")
        await page.keyboard.type("_tts")
        await expect(wrong).to_have_count(0)
        await expect(page.locator(".mistakes li")).to_have_count(0)

        await put_cursor_after(page, "Hello!")
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.type(" You called the bakery")
        await page.get_by_role("button", name="Try it").click()
        await page.wait_for_selector("body[data-phase=live]")
        await expect(page.locator("#line-graph")).to_have_text("shop, as edited")
        await expect(page.locator(".reply .words")).to_contain_text("You called the bakery", timeout=LONG)
        assert in_file(mine) == MINE

        await expect(page.locator("[data-part=state]")).to_contain_text("Not saved")
        await page.locator(".cm-content").focus()
        await page.keyboard.press("Control+s")
        await expect(page.locator("[data-part=state]")).to_contain_text(str(mine))
        assert in_file(mine) == MINE.replace("Hello!", "Hello You called the bakery!")
        await page.get_by_role("button", name="Hang up").click()


@pytest.mark.browser
async def test_completion_knows_processors_options_values_and_nodes(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        options = page.locator(".cm-tooltip-autocomplete li")
        await put_cursor_after(page, "use: interruption")
        await page.keyboard.type(", pre")
        await expect(options).to_have_text(["presetdefault balanced"])
        await options.first.click()  # Enter counts only once a proposal was there long enough to be seen
        await page.keyboard.press("Control+Space")
        await expect(options).to_have_text(["balanceddefault", "eagervalue", "patientvalue"])
        await page.keyboard.type("pat")
        await options.filter(has_text="patient").click()
        assert "  floor: {use: interruption, preset: patient, welcome" in await text_of(page)

        await page.keyboard.press("Control+End")
        await page.keyboard.type("  again: web")
        await expect(options.filter(has_text="webrtcvad")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+Backspace")
        await page.keyboard.type("{use: webrtcvad, from: ")
        await page.keyboard.press("Control+Space")
        await expect(options.filter(has_text="caller")).to_be_visible()
        await page.keyboard.press("Escape")


@pytest.mark.browser
async def test_hovering_tells_what_an_option_is(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await page.get_by_text("cushion").hover()
        await expect(page.locator(".cm-explanation")).to_contain_text("default")


@pytest.mark.browser
async def test_an_edit_in_another_editor_is_not_lost(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await put_cursor_after(page, "60")
        await page.keyboard.type("0")
        theirs = MINE.replace("Hello!", "Good day!")
        write(mine, theirs)
        await page.get_by_role("button", name="Save", exact=True).click()
        conflict = page.get_by_role("alert").filter(has_text="another editor")
        await expect(conflict).to_be_visible()
        assert in_file(mine) == theirs
        await conflict.get_by_role("button", name="Take that text").click()
        await expect(page.locator(".cm-content")).to_contain_text("Good day!")
        await expect(conflict).to_be_hidden()
        await page.keyboard.press("Control+z")  # ours is one step back
        await expect(page.locator(".cm-content")).to_contain_text("600ms")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("[data-part=state]")).to_contain_text(str(mine))
        assert in_file(mine) == MINE.replace("60ms", "600ms")
        visit.complaints[:] = [each for each in visit.complaints if "412" not in each]


@pytest.mark.browser
async def test_ours_can_win_the_conflict(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await put_cursor_after(page, "60")
        await page.keyboard.type("0")
        write(mine, MINE.replace("Hello!", "Good day!"))
        await page.get_by_role("button", name="Save", exact=True).click()
        await page.get_by_role("button", name="Save mine over it").click()
        await expect(page.locator("[data-part=state]")).to_contain_text(str(mine))
        assert in_file(mine) == MINE.replace("60ms", "600ms")
        visit.complaints[:] = [each for each in visit.complaints if "412" not in each]


@pytest.mark.browser
async def test_a_new_graph_is_made_from_another(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await page.get_by_role("button", name="Save as…").click()
        await page.get_by_label("Name of the new graph").fill("bakery")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("combobox", name="Graph")).to_have_value("bakery")
        assert in_file(mine.with_name("bakery.yaml")) == MINE
        await expect(page.get_by_role("radio", name="bakery")).to_be_attached()
        await put_cursor_after(page, "60")
        await page.keyboard.type("0")
        await page.keyboard.press("Control+s")
        await expect(page.locator("[data-part=state]")).to_contain_text("bakery.yaml")
        assert "600ms" in in_file(mine.with_name("bakery.yaml"))
        assert in_file(mine) == MINE


@pytest.mark.browser
async def test_a_file_with_mistakes_can_be_opened_and_mended(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        write(mine, MINE.replace("jitter_buffer", "jitter_bufer"))
        page = visit.page
        await page.reload()
        await page.get_by_role("tab", name="Edit").click()
        await page.get_by_role("combobox", name="Graph").select_option("shop")
        await expect(page.locator(".cm-lintRange-error")).to_have_text("jitter_bufer")


@pytest.mark.browser
async def test_leaving_with_unsaved_changes_asks_first(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await put_cursor_after(page, "60")
        await page.keyboard.type("0")
        await expect(page).to_have_title("● voicegraph")
        page.on("dialog", lambda dialog: dialog.dismiss())
        await page.get_by_role("combobox", name="Graph").select_option("echo")
        await expect(page.get_by_role("combobox", name="Graph")).to_have_value("shop")
        await expect(page.locator(".cm-content")).to_contain_text("600ms")
        assert await page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))"), "closing the page asks too"


@pytest.mark.browser
async def test_the_space_bar_writes_a_space_also_during_a_call(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url) as visit:
        page = await open_editor(visit)
        await page.get_by_role("button", name="Try it").click()
        await page.wait_for_selector("body[data-phase=live]")
        await put_cursor_after(page, "# microphone")
        await page.keyboard.type(" x")
        await expect(page.locator(".cm-content")).to_contain_text("# microphone x")
        await page.keyboard.press("ArrowLeft")  # right after typing, Escape would only close what completion proposes
        await page.keyboard.press("Escape")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.matches('.text')") is False


@pytest.mark.browser
async def test_it_can_be_used_on_a_phone(serve: Serve, browse: Browse, mine: Path) -> None:
    async with serve("--dev", "--graph", str(mine)) as server, browse(server.url, viewport=(360, 640)) as visit:
        page = await open_editor(visit)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        for name in ("Try it", "Save as…"):
            await expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
        await page.get_by_role("button", name="Try it").click()
        await expect(page.get_by_role("tab", name="Call")).to_have_attribute("aria-selected", "true")


@pytest.mark.browser
async def test_without_developer_mode_there_is_nothing_to_edit(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(f"{server.url}/#edit") as visit:
        await expect(visit.page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
        await expect(visit.page.get_by_role("tab", name="Edit")).to_be_hidden()
        await expect(visit.page.locator("#panel-edit")).to_be_hidden()
