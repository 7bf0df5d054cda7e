"""What the page says when something is missing, refused or gone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from voicegraph.testing.mistral import Faults, MistralServer

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

pytestmark = pytest.mark.browser

LONG = 15_000
NO_SUCH_DEVICE = "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); })"
IN_USE = "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('busy', 'NotReadableError'); })"


async def can_be_typed_to(visit: Visit) -> None:
    await expect(visit.page.locator("#mute")).to_be_hidden()
    await expect(visit.page.get_by_label("Type instead of speaking")).to_be_focused()
    await visit.type("Hello")
    await expect(visit.page.locator(".reply .words")).to_contain_text("I can listen to you", timeout=LONG)


async def test_a_refused_microphone_is_said_and_typing_goes_on(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url, microphone=False) as visit:
        await visit.call()
        await expect(visit.page.get_by_role("alert")).to_contain_text("The browser did not allow the microphone.")
        await can_be_typed_to(visit)


@pytest.mark.parametrize(("script", "words"), [(NO_SUCH_DEVICE, "No microphone was found."), (IN_USE, "in use by another program")])
async def test_a_missing_microphone_is_said_and_typing_goes_on(serve: Serve, browse: Browse, script: str, words: str) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.page.evaluate(script)
        await visit.call()
        await expect(visit.page.get_by_role("alert")).to_contain_text(words)
        await can_be_typed_to(visit)


async def test_a_page_without_https_says_why_it_has_no_microphone(serve: Serve, browse: Browse) -> None:
    async with serve() as server:
        url = server.url.replace("127.0.0.1", "voicegraph.test")
        async with browse(url, flags=["--host-resolver-rules=MAP voicegraph.test 127.0.0.1"]) as visit:
            await expect(visit.page.get_by_role("alert")).to_contain_text("A browser gives its microphone only to https:// pages")
            await visit.call()
            await can_be_typed_to(visit)


async def test_a_call_to_a_server_that_is_gone_says_so(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await expect(visit.page.get_by_role("button", name="Call")).to_be_enabled()
        await server.die()
        await visit.page.get_by_role("button", name="Call").click()
        await expect(visit.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        visit.complaints.clear()


async def test_a_provider_that_fails_is_said_in_the_conversation(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        mistral.set_faults({"chat": Faults(status=500)})
        await visit.type("Hello")
        await expect(visit.page.locator(".log .event")).not_to_be_empty(timeout=LONG)
        await expect(visit.page.locator("#floor")).to_have_text("Listening", timeout=LONG)  # after the apology


async def test_a_graph_that_cannot_run_says_what_it_needs(serve: Serve, browse: Browse) -> None:
    async with serve(key=False) as server, browse(server.url) as visit:
        await visit.page.get_by_text("need setting up").click()
        await expect(visit.page.locator(".missing")).to_contain_text("MISTRAL_API_KEY")
        await expect(visit.page.locator("input[type=radio][value=voxtral]")).to_have_count(0)
        await expect(visit.page.locator("input[type=radio][value=local]")).to_be_checked()


async def test_a_graph_that_an_edit_has_broken_says_which_version_calls_get(serve: Serve, browse: Browse, tmp_path: Path) -> None:
    graph = tmp_path / "mine.yaml"
    graph.write_text("about: Mine.\nextends: echo\n")
    async with serve("--graphs", str(tmp_path)) as server, browse(server.url) as visit:
        await expect(visit.page.locator(".card")).to_have_text(re.compile("Mine"))
        graph.write_text("about: Mine.\nextends: ecko\n")
        await visit.page.wait_for_function("async () => (await (await fetch('/graphs')).json()).graphs[0].mistakes.length")
        await visit.page.reload()
        await expect(visit.page.locator(".card .stale")).to_contain_text("Its file has mistakes: calls still get version 1.")
        await expect(visit.page.locator(".card .stale code")).to_contain_text("mine.yaml:2:")
        await visit.call()
