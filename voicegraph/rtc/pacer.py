"""The one clock by which all calls of a process send."""

from __future__ import annotations

import asyncio

from voicegraph.core.wheel import Tick, Wheel


class Pacer:
    """One timer for all calls of a loop: `add` a tick and it is called every 20 ms, or as seldom as it asks for (core/wheel.py), until it is removed.
    One per process: `host.shared(Pacer)`.

    A task that sleeps per call would cost a timer, a future and a wake-up of the loop for each packet.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wheel = Wheel()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, tick: Tick) -> None:
        self._wheel.add(tick, self._loop.time())
        self._set()

    def remove(self, tick: Tick) -> None:
        self._wheel.remove(tick)
        self._set()

    def wake(self, tick: Tick) -> None:
        """It has something to do again, before the time it asked for."""
        self._wheel.wake(tick, self._loop.time())
        self._set()

    async def close(self) -> None:
        """Nothing is called any more."""
        self._wheel = Wheel()
        self._set()

    def _set(self) -> None:
        deadline = self._wheel.deadline
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._turn)

    def _turn(self) -> None:
        self._timer = None
        for tick, periods in self._wheel.turn(self._loop.time()):
            try:
                self._wheel.rest(tick, tick(periods))
            except Exception as problem:  # noqa: BLE001  # one call's failure is not the others' silence; asyncio reports it as it does for its own callbacks
                self._loop.call_exception_handler({"message": "a call could not send", "exception": problem})
        self._set()
