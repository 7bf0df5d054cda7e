import asyncio
from typing import Any

from voicegraph.rtc.pacer import Pacer
from voicegraph.testing.clock import run_virtual


def test_ticks_come_on_the_loops_clock_until_they_are_removed() -> None:
    async def scene() -> None:
        loop, pacer, times = asyncio.get_running_loop(), Pacer(), list[float]()

        def tick(periods: int) -> int:
            times.append(loop.time())
            return 1

        pacer.add(tick)
        await asyncio.sleep(0.21)
        assert len(times) in (10, 11)
        pacer.remove(tick)
        await asyncio.sleep(0.21)
        assert len(times) in (10, 11)

    run_virtual(scene())


def test_a_rest_is_kept_and_ended_by_waking() -> None:
    async def scene() -> None:
        loop, pacer, times = asyncio.get_running_loop(), Pacer(), list[float]()

        def tick(periods: int) -> int:
            times.append(loop.time())
            return 20

        pacer.add(tick)
        await asyncio.sleep(0.1)
        assert len(times) == 1
        pacer.wake(tick)
        await asyncio.sleep(0.021)
        assert len(times) == 2
        await pacer.close()
        await asyncio.sleep(1.0)
        assert len(times) == 2

    run_virtual(scene())


def test_one_calls_failure_is_reported_and_leaves_the_others_their_time() -> None:
    async def scene() -> None:
        loop, pacer, count, problems = asyncio.get_running_loop(), Pacer(), 0, list[dict[str, Any]]()
        loop.set_exception_handler(lambda _, context: problems.append(context))

        def broken(periods: int) -> int:
            raise ValueError("broken")

        def tick(periods: int) -> int:
            nonlocal count
            count += 1
            return 1

        pacer.add(broken)
        pacer.add(tick)
        await asyncio.sleep(0.11)
        assert count >= 5
        assert isinstance(problems[0]["exception"], ValueError)
        await pacer.close()

    run_virtual(scene())
