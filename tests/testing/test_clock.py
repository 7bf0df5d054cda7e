from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE

import pytest

from voicegraph.clock import outside
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


def test_work_for_a_thread_is_done_at_once() -> None:
    async def main() -> tuple[int, float]:
        found = await asyncio.to_thread(lambda: 6 * 7)
        with pytest.raises(LookupError, match="there"):
            await asyncio.get_running_loop().run_in_executor(None, dict[str, int]().__getitem__, "there")
        return found, asyncio.get_running_loop().time()

    assert run_virtual(main()) == (42, 0.0)


def test_while_another_process_works_time_stands_still() -> None:
    """A timer that is due before the answer comes, by any clock, must wait."""
    script = "import sys; sys.stdin.readline(); print('answer', flush=True)"

    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        seen: list[object] = []
        loop.call_later(1e-9, seen.append, "timer")
        with outside():
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=PIPE, stdout=PIPE)
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"question\n")
            seen += [(await process.stdout.readline()).decode().strip(), loop.time()]
            await process.wait()
        await asyncio.sleep(1)
        return [*seen, loop.time()]

    assert run_virtual(main()) == ["answer", 0.0, "timer", 1.0]


async def test_in_real_time_outside_changes_nothing() -> None:
    with outside():
        await asyncio.wait_for(asyncio.sleep(0), 5)
