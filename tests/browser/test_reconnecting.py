"""What becomes of a call when the network or the server goes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.network import Network
from voicegraph.testing.mistral import MistralServer, Request

if TYPE_CHECKING:
    from tests.browser.conftest import Browse, Serve, Visit

pytestmark = pytest.mark.browser

LONG = 15_000
FAILED = "Failed to load resource"
"""What the browser's console has to say about a request that nobody answers."""
MEMORY = "The agent remembers nothing of what was said before."


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


async def reconnects(visit: Visit) -> None:
    await visit.page.wait_for_selector("body[data-phase=reconnecting]", timeout=2 * LONG)
    await expect(visit.page.locator("#floor")).to_have_text("Reconnecting")
    await expect(visit.page.locator("#detail")).to_contain_text("Attempt")
    await expect(visit.page.get_by_role("status")).to_have_text("The connection was lost. Reconnecting.")


async def is_back(visit: Visit) -> None:
    await visit.page.wait_for_selector("body[data-phase=live]", timeout=2 * LONG)
    await expect(visit.page.get_by_role("status")).to_have_text("Connected again.")


async def test_the_same_call_goes_on_after_the_network_was_gone(serve: Serve, browse: Browse, network: Network) -> None:
    async with serve() as server, browse(server.url) as visit:
        await network.between(visit.page)
        await visit.call()
        await visit.type("Hello")
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can", timeout=LONG)
        visit.forgiven = FAILED
        network.down = True
        await reconnects(visit)
        network.down = False
        await is_back(visit)
        await expect(visit.page.locator(".reply .words")).to_contain_text("until somebody tells me to stop.", timeout=2 * LONG)  # from where it stood
        await expect(visit.page.locator(".log .event")).to_have_count(0)
        await visit.page.wait_for_selector("html[data-sound=on]", timeout=LONG)
        await visit.type("stop")
        await expect(visit.page.locator(".reply .words").last).to_have_text("Of course. I have stopped.", timeout=LONG)


async def test_a_server_that_dies_and_is_started_again_is_called_again(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        await visit.type("Hello")
        await expect(visit.page.locator(".reply .words")).to_contain_text("I can", timeout=LONG)
        visit.forgiven = FAILED
        await server.die()
        await reconnects(visit)
        async with serve("--port", str(urlsplit(server.url).port)):
            await is_back(visit)
            await expect(visit.page.locator(".reply .words").first).to_contain_text("I can")
            await expect(visit.page.locator(".log .event")).to_contain_text(MEMORY)
            await visit.type("stop")
            await expect(visit.page.locator(".reply .words").last).to_have_text("Of course. I have stopped.", timeout=LONG)
            await visit.page.wait_for_selector("html[data-sound=on]", timeout=LONG)


async def test_a_server_that_stops_is_waited_for_until_the_caller_has_had_enough(serve: Serve, browse: Browse) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        visit.forgiven = FAILED
        await server.stop()
        await reconnects(visit)
        await visit.page.get_by_role("button", name="Cancel").click()
        await expect(visit.page.locator("#floor")).to_have_text("Call ended")
        await expect(visit.page.get_by_role("button", name="Call again")).to_be_focused()


async def test_the_conversation_goes_on_at_a_server_that_was_started_again(serve: Serve, browse: Browse, mistral: MistralServer) -> None:
    async with serve() as server, browse(server.url) as visit:
        await visit.call()
        await visit.type("stop")
        await expect(visit.page.locator(".reply .words")).to_have_text("Of course. I have stopped.", timeout=LONG)
        await expect(visit.page.locator("#floor")).to_have_text("Listening", timeout=LONG)
        visit.forgiven = FAILED
        await server.die()
        await reconnects(visit)
        async with serve("--port", str(urlsplit(server.url).port)):
            await is_back(visit)
            await expect(visit.page.locator(".log")).not_to_contain_text(MEMORY)
            await visit.type("and stop again")
            await expect(visit.page.locator(".reply .words").last).to_have_text("Of course. I have stopped.", timeout=LONG)
    messages = [request.body["messages"] for request in mistral.log.of(Request) if request.endpoint == "chat"][-1]
    assert [(message["role"], message["content"]) for message in messages[1:]] == [
        ("user", "stop"),
        ("assistant", "Of course. I have stopped."),
        ("user", "and stop again"),
    ]


async def test_a_full_server_is_called_again_when_a_line_is_free(serve: Serve, browse: Browse) -> None:
    async with serve("--max-calls", "1") as server, browse(server.url) as first:
        await first.call()
        second = await first.page.context.new_page()
        await second.goto(server.url)
        await second.get_by_role("button", name="Call").click()
        await expect(second.locator("#floor")).to_have_text("Waiting for a free line")
        await expect(second.locator("#detail")).to_contain_text("lines are busy")
        await expect(second.locator("#detail")).to_contain_text("Next try in")
        await second.get_by_role("button", name="Cancel").click()
        await expect(second.locator("#floor")).to_have_text("Call ended")
        await second.get_by_role("button", name="Call again").click()
        await expect(second.locator("#floor")).to_have_text("Waiting for a free line")
        await first.page.get_by_role("button", name="Hang up").click()
        await second.wait_for_selector("body[data-phase=live]", timeout=2 * LONG)
