"""An event loop whose time is virtual: waiting costs nothing, and the same program takes the same course every time.

When nothing is ready to run, the clock jumps to the next timer. Whole conversations, with their pauses, stalls and races, run in milliseconds. The
idea is trio's autojump clock; here it is a selector that does not wait.

Work takes no virtual time: what a program hands to a thread is done at once, in the loop's own thread, and while it asks another process (`outside`)
the clock stands still. So it is for programs that use the machine, and not for those that use a network: what comes from there cannot be waited for
in virtual time, and waiting for it is an error, not a hang.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(Exception):
    """Nothing is ready to run and no timer is set: in virtual time nothing will ever happen again."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for `timeout` seconds, moves the clock by them; while `outside` work goes on, waits for that."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.outside = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and not self.outside:  # there is work or a timer: asking the world outside would cost more than the rest of the loop
            self.now += max(timeout, 0.0)
            return []
        ready = super().select(None if self.outside and timeout != 0 else 0)
        if not ready and not self.outside:
            raise Stuck("every task waits for something that no other task or timer will do")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """Do it now, in the loop's own thread."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001  # as an executor does: whoever awaits it gets it
            done.set_exception(problem)
        return done

    @contextmanager
    def outside(self) -> Iterator[None]:
        self._jumping.outside += 1
        try:
            yield
        finally:
            self._jumping.outside -= 1


@contextmanager
def outside() -> Iterator[None]:
    """Around a wait for another process that is at work for this program alone. In virtual time the clock stands still; otherwise without effect."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualTimeLoop):
        with loop.outside():
            yield
    else:
        yield


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a fresh virtual-time loop and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
