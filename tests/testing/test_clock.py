from __future__ import annotations

import asyncio
import time

import pytest

from voicegraph.testing.clock import Stuck, run_virtual


def test_waiting_costs_nothing() -> None:
    async def main() -> float:
        await asyncio.sleep(100_000)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run_virtual(main()) == 100_000
    assert time.monotonic() - began < 1000


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def main() -> list[str]:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        for delay in (3.0, 1.0, 2.0):
            loop.call_at(delay, order.append, f"timer of {delay}")
        await asyncio.sleep(5)
        return order

    assert run_virtual(main()) == ["timer of 1.0", "timer of 2.0", "timer of 3.0"]


def test_time_stands_still_while_something_can_run() -> None:
    async def main() -> float:
        for _ in range(100):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0.0


def test_timeouts_are_virtual_too() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(1000), 10)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 10


def test_a_program_that_waits_for_ever_is_an_error_not_a_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck, match="every task waits"):
        run_virtual(main())


def test_what_is_raised_comes_out() -> None:
    async def main() -> None:
        await asyncio.sleep(1)
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        run_virtual(main())
