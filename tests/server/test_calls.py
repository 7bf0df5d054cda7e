"""Whole calls over loopback: a real peer connection, a real graph."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from voicegraph.core.sound import Pcm
from voicegraph.errors import BadRequest, CallFailed
from voicegraph.server.calls import Calls
from voicegraph.server.resume import NOT_OURS
from voicegraph.testing.caller import Caller, over_http

Left = Callable[[], Awaitable[set[asyncio.Task[Any]]]]
STARTED: dict[str, Any] = {"body": {"graph": "echo"}}


def tone() -> Pcm:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16_000)).astype(np.int16)


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def over(calls: Calls) -> None:
    """Until the last call has given everything back."""
    await asyncio.wait_for(calls.empty(), 10)


@pytest.mark.parametrize("body", [STARTED, None], ids=["after /start", "without /start"])
async def test_a_caller_hears_himself_and_leaves_nothing_behind(body: dict[str, Any] | None, url: str, calls: Calls, left: Left) -> None:
    async with Caller(over_http(url, body)) as caller:
        [ready] = caller.told("bot-ready")
        assert ready.data["about"]["graph"] == "echo"
        said = await caller.say(tone())
        assert await caller.sound(after=said.begin) < said.end
        assert len(calls) == 1
    await over(calls)
    assert not await left()


async def test_calls_one_after_another_leave_nothing_behind(url: str, calls: Calls, left: Left) -> None:
    """The short form of benchmarks/churn.py, which looks at the memory too."""

    async def call() -> None:
        async with Caller(over_http(url)):
            pass
        await over(calls)

    await call()  # what is made on first use is there then
    before = descriptors()
    for _ in range(10):
        await call()
    assert not await left()
    gc.collect()
    assert descriptors() <= before


async def test_an_edited_graph_is_for_the_next_call(url: str, folder: Path, calls: Calls) -> None:
    async with Caller(over_http(url, STARTED)) as first:
        graph = folder / "echo.yaml"
        graph.write_text(graph.read_text().replace("20ms", "40ms"))
        os.utime(graph, (1e9, 1e9))
        async with Caller(over_http(url, STARTED)) as second:
            [one], [two] = first.told("bot-ready"), second.told("bot-ready")
            assert one.data["about"]["graph_version"] != two.data["about"]["graph_version"]
            said = await first.say(tone())
            assert await first.sound(after=said.begin) < said.end
    await over(calls)


async def test_the_conversation_goes_on_over_a_new_connection(url: str, calls: Calls) -> None:
    async with Caller(over_http(url, STARTED)) as caller:
        await caller.restart()
        said = await caller.say(tone())
        await caller.sound(after=said.begin)
        assert len(calls) == 1
        assert caller.ended is None


async def test_a_first_offer_that_comes_as_a_restart_still_has_its_handshake_first(url: str) -> None:
    """Clients repeat an offer that failed as a restart, though there is nothing to restart."""
    offer = over_http(url, {"body": {"graph": "early"}})
    async with Caller(lambda sdp, _: offer(sdp, True)) as caller:
        await caller.wait_for("server-message")
        assert [told.message["type"] for told in caller.messages] == ["bot-ready", "server-message"]


@pytest.mark.parametrize(("settings", "greeting"), [({"early.greeting": "Bonjour"}, "Bonjour"), (None, "Hello")])
async def test_a_client_sets_what_the_graph_allows_for_its_own_call(url: str, settings: Any, greeting: str) -> None:
    async with Caller(over_http(url, {"body": {"graph": "early", "settings": settings}})) as caller:
        await caller.wait_for("server-message")
        assert [told.data for told in caller.told("server-message")] == [{"t": "early", "d": {"greeting": greeting}}]


async def test_hanging_up_over_http_ends_the_call(http: ClientSession, url: str, calls: Calls) -> None:
    async with http.post(f"{url}/start", json=STARTED) as answer:
        id = (await answer.json())["sessionId"]
    offer = over_http(url)

    async def in_session(sdp: str, restart: bool) -> str:
        async with http.post(f"{url}/sessions/{id}/api/offer", json={"sdp": sdp, "type": "offer", "pc_id": None, "restart_pc": restart}) as answer:
            return str((await answer.json())["sdp"])

    async with Caller(in_session) as caller:
        async with http.delete(f"{url}/sessions/{id}/api/offer") as answer:
            assert answer.status == 200
        with pytest.raises(CallFailed, match="hung up"):
            await caller.wait_for("never")
    await over(calls)
    with pytest.raises(BadRequest):
        await offer("v=0", True)


async def test_a_stopping_server_says_why(url: str, server: TestServer, calls: Calls) -> None:
    async with Caller(over_http(url, STARTED)) as caller:
        await caller.wait_for("bot-ready")
        ending = asyncio.create_task(server.close())
        await caller.wait_for("server-message", where=lambda told: told.data["t"] == "server-stopping")  # not the call: another server may take it
        with pytest.raises(CallFailed, match="The server is shutting down"):
            await caller.wait_for("never")
        await ending
    assert len(calls) == 0


async def test_an_offer_that_nobody_follows_is_given_up(
    http: ClientSession, url: str, sdp: str, calls: Calls, left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicegraph.server.call.CONNECT_LIMIT", 0.05)
    async with http.post(f"{url}/api/offer", json={"sdp": sdp, "type": "offer"}) as answer:
        assert answer.status == 200
    assert len(calls) == 1
    await over(calls)
    assert not await left()


async def test_a_caller_whose_network_went_may_come_back_for_a_while(url: str, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicegraph.server.call.ROAMING_LIMIT", 0.05)
    monkeypatch.setattr("voicegraph.server.call.SILENCE_LIMIT", 0.2)
    async with Caller(over_http(url, STARTED)) as caller:
        await caller.vanish()
        assert len(calls) == 1
        await over(calls)


async def test_a_caller_learns_why_a_graph_did_not_start_after_all(url: str, calls: Calls) -> None:
    """Its failure takes longer than the answer to the offer."""
    async with Caller(over_http(url, {"body": {"graph": "late"}})) as caller:
        error = await caller.wait_for("error")
        assert error.data["fatal"]
        assert error.data["error"] == "The engine is not installed: pip install it."
        with pytest.raises(CallFailed, match="The engine is not installed"):
            await caller.wait_for("never")
    await over(calls)


async def test_a_caller_learns_why_a_call_was_over_before_it_was_connected(url: str, calls: Calls, left: Left) -> None:
    async with Caller(over_http(url, {"body": {"graph": "failing"}})) as caller:
        error = await caller.wait_for("error")
        assert error.data["fatal"]
        assert error.data["error"] == "The engine has stopped."
    await over(calls)
    assert not await left()


async def test_a_server_that_stops_does_not_wait_for_such_a_caller(
    http: ClientSession, url: str, sdp: str, server: TestServer, calls: Calls, left: Left
) -> None:
    async with http.post(f"{url}/api/offer", json={"sdp": sdp, "type": "offer", "requestData": {"graph": "failing"}}) as answer:
        assert answer.status == 200
    await calls.close("The server is shutting down.")
    assert len(calls) == 0
    assert not await left()


async def test_a_call_can_be_ended_while_it_starts(http: ClientSession, url: str, sdp: str, calls: Calls, left: Left) -> None:
    async with http.post(f"{url}/api/offer", json={"sdp": sdp, "type": "offer", "requestData": {"graph": "endless"}}) as answer:
        pc_id = (await answer.json())["pc_id"]
    await calls.end(pc_id.rpartition(".")[0], "The first reason.")
    await asyncio.sleep(0)
    await calls.end(pc_id.rpartition(".")[0], "The second, while it hangs up.")
    await over(calls)
    assert not await left()


async def test_a_second_offer_at_the_same_time_takes_the_place_of_the_first(
    http: ClientSession, url: str, sdp: str, calls: Calls, left: Left
) -> None:
    async with http.post(f"{url}/start", json=STARTED) as answer:
        place = f"{url}/sessions/{(await answer.json())['sessionId']}/api/offer"

    async def offer() -> str:
        async with http.post(place, json={"sdp": sdp, "type": "offer"}) as answer:
            return str((await answer.json())["pc_id"])

    first, second = await asyncio.gather(offer(), offer())
    assert first != second
    assert len(calls) == 1
    await calls.close("the test is over")
    assert not await left()


async def test_a_token_that_is_not_ours_starts_a_new_conversation_and_says_so(url: str) -> None:
    async with Caller(over_http(url, {"body": {"graph": "echo", "resume": "nonsense"}})) as caller:
        resumed = await caller.wait_for("server-message")
        assert resumed.data == {"t": "resumed", "d": {"exchanges": 0, "reason": NOT_OURS}}


async def test_without_a_token_nothing_is_said_of_it(url: str) -> None:
    async with Caller(over_http(url, STARTED)) as caller:
        await caller.say(tone())
        assert not caller.told("server-message")
