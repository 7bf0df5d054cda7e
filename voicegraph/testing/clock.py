"""An event loop whose time is virtual: waiting costs nothing, and the same program takes the same course every time.

When nothing is ready to run, the clock jumps to the next timer. Whole conversations, with their pauses, stalls and races, run in milliseconds. The
idea is trio's autojump clock; here it is a selector that does not wait. For programs without sockets and threads: what comes from outside of the
loop cannot be waited for in virtual time, and waiting for it is an error, not a hang.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(Exception):
    """Nothing is ready to run and no timer is set: in virtual time nothing will ever happen again."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for `timeout` seconds, moves the clock by them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None:  # there is work or a timer: the world outside is not asked, which would cost more than the rest of the loop
            self.now += max(timeout, 0.0)
            return []
        ready = super().select(0)
        if not ready:
            raise Stuck("every task waits for something that no other task or timer will do")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a fresh virtual-time loop and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
