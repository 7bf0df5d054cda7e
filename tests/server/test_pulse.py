import asyncio

from aiohttp import ClientSession

from voicegraph.server.pulse import Lateness, Pulse
from voicegraph.testing.caller import Caller, over_http
from voicegraph.testing.clock import run_virtual


def test_what_is_later_than_5_ms_counts_as_blocked() -> None:
    lateness = Lateness()
    for late in (0.0, 0.004, 0.0051, 0.030, 0.001):
        lateness.add(late)
    assert lateness == Lateness(beats=5, late_ms_max=30.0, blocked_5ms=2)


def test_it_beats_only_between_start_and_stop() -> None:
    async def scene() -> None:
        pulse = Pulse()
        await asyncio.sleep(1)
        assert pulse.report()["beats"] == 0
        pulse.start()
        pulse.start()
        await asyncio.sleep(1)
        pulse.stop()
        pulse.stop()
        beats = pulse.report()["beats"]
        assert 19 <= beats <= 20
        await asyncio.sleep(1)
        assert pulse.report() == {"beats": beats, "late_ms_max": 0.0, "blocked_5ms": 0}

    run_virtual(scene())


async def test_the_server_tells_how_late_its_loop_was_while_calls_ran(url: str, http: ClientSession) -> None:
    async def loop() -> dict[str, float]:
        async with http.get(f"{url}/healthz") as response:
            found: dict[str, float] = (await response.json())["workers"][0]["loop"]
            return found

    assert (await loop())["beats"] == 0
    async with Caller(over_http(url)) as caller:
        await caller.until(lambda: len(caller.recording.packets) > 10 or None)
        assert (await loop())["beats"] > 0
