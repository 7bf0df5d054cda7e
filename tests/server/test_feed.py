"""What a call's graph does is told to that call's own client, and only while it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestServer

from tests.server.conftest import Serve
from voicegraph.server.feed import PERIOD
from voicegraph.server.options import Options
from voicegraph.testing.caller import Caller, Told, over_http

LOUD = (np.sin(np.arange(16_000) / 8) * 12_000).astype(np.int16)


def is_message(t: str) -> Any:
    return lambda told: told.data.get("t") == t


def watch(caller: Caller, on: bool, **rest: Any) -> None:
    caller.send("client-message", {"t": "watch", "d": {"on": on, **rest}})


async def told(caller: Caller, t: str, where: Any = lambda d: True) -> Mapping[str, Any]:
    found: Told = await caller.wait_for("server-message", where=lambda told: told.data["t"] == t and where(told.data["d"]))
    content = found.data["d"]
    assert isinstance(content, dict)
    return content


def times(caller: Caller, t: str) -> int:
    return sum(each.data["t"] == t for each in caller.told("server-message"))


@pytest.fixture
async def dev_url(serve: Serve, folder: Path) -> str:
    server: TestServer = await serve(Options(dev=folder))
    return str(server.make_url("")).rstrip("/")


async def test_who_watches_learns_the_graph_and_then_what_it_does(url: str) -> None:
    async with Caller(over_http(url)) as caller:
        watch(caller, True)
        graph = await told(caller, "graph")
        names = [node["name"] for node in graph["nodes"]]
        assert names == ["caller", "echo", "jitter", "speaker", "page"]
        audio = next(index for index, link in enumerate(graph["links"]) if link["source"] == "caller")
        await told(caller, "graph-activity", lambda d: d["links"][audio][0] > 0)
        activity = await told(caller, "graph-activity", lambda d: d["nodes"][names.index("echo")][1] > 0)
        assert len(activity["links"]) == len(graph["links"])
        assert "frames" not in activity


async def test_who_does_not_is_told_nothing(url: str) -> None:
    async with Caller(over_http(url)) as caller, Caller(over_http(url)) as watcher:
        watch(watcher, True)
        await told(watcher, "graph-activity")
        assert times(caller, "graph") == times(caller, "graph-activity") == 0


async def test_it_ends_when_nobody_watches_any_more_and_begins_anew(url: str) -> None:
    async with Caller(over_http(url)) as caller:
        watch(caller, True)
        await told(caller, "graph-activity")
        watch(caller, False)
        caller.send("client-message", {"t": "nonsense"})
        await caller.wait_for("error-response")  # answered in order: from here on it is off
        before = times(caller, "graph-activity")
        await asyncio.sleep(3 * PERIOD)
        assert times(caller, "graph-activity") == before
        watch(caller, True)
        await told(caller, "graph", lambda _: times(caller, "graph") == 2)


async def test_settings_and_frames_are_for_the_developer(url: str, dev_url: str) -> None:
    async with Caller(over_http(url)) as caller:
        watch(caller, True, node="echo")
        assert "frames" not in await told(caller, "graph-activity")
        assert times(caller, "graph-node") == 0
    async with Caller(over_http(dev_url)) as developer:
        watch(developer, True, node="jitter")
        settings = await told(developer, "graph-node")
        assert settings["node"] == "jitter"
        assert {"name": "cushion", "value": "20ms", "written": True} in settings["settings"]


async def test_sound_is_shown_as_length_and_level(dev_url: str) -> None:
    async with Caller(over_http(dev_url)) as caller:
        watch(caller, True, node="echo")
        await caller.say(LOUD)
        activity = await told(caller, "graph-activity", lambda d: any(frame.get("level", -100) > -20 for frame in d["frames"]))
        frame = next(frame for frame in activity["frames"] if frame["way"] == "in")
        assert frame["kind"] == "CallerAudio"
        assert frame["ms"] == 20
        assert frame["ago_ms"] < 1000
        assert "pcm" not in frame


@pytest.mark.parametrize("data", [{"t": "watch"}, {"t": "watch", "d": {"on": "yes"}}, {"t": "watch", "d": 1}])
async def test_what_makes_no_sense_is_answered_like_any_other_message(data: dict[str, Any], url: str) -> None:
    async with Caller(over_http(url)) as caller:
        caller.send("client-message", data)
        assert "watch" in (await caller.wait_for("error-response")).data["error"]


async def test_a_node_that_is_none_shows_nothing(dev_url: str) -> None:
    async with Caller(over_http(dev_url)) as caller:
        watch(caller, True, node="nobody")
        assert "frames" not in await told(caller, "graph-activity")


async def test_the_end_of_the_call_is_the_end_of_it(dev_url: str, left: Any) -> None:
    async with Caller(over_http(dev_url)) as caller:
        watch(caller, True, node="echo")
        await told(caller, "graph-activity")
    assert await left() == set()
