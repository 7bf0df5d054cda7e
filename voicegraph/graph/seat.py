"""One of the choices of a node with stand-ins, made: what `switch.py` puts in charge and takes away again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from voicegraph.frames import Frame
from voicegraph.graph.ending import cancel, close_all
from voicegraph.graph.node import Node
from voicegraph.graph.ports import Outlet
from voicegraph.graph.wire import Wire

CLOSE_LIMIT = 1.0


class SeatOutlet:
    """An output of a processor of the switch: it leads to the node's own while the processor is in charge."""

    def __init__(self, outlet: Outlet[Any] | None) -> None:
        self._outlet = outlet
        self.leads_to: Callable[[Frame], bool] = lambda _: False
        self.waiting = 0
        self.waited_until = 0.0

    @property
    def linked(self) -> bool:
        return self._outlet is not None and self._outlet.linked

    def send(self, frame: Frame) -> bool:
        return self.leads_to(frame)

    async def room(self, epoch: int | None) -> bool:
        self.waiting += 1
        try:
            return self._outlet is not None and await self._outlet.room(epoch)
        finally:
            self.waiting -= 1
            self.waited_until = asyncio.get_running_loop().time()


class Seat:
    """One of the choices, made: its node, a wire for each input, the tasks that it runs in."""

    def __init__(self, choice: int, node: Node, wires: Mapping[str, Wire], outlets: Mapping[str, SeatOutlet]) -> None:
        self.choice = choice
        self.node = node
        self.processor = node.processor
        self.wires = wires
        self.outlets = outlets
        self.tasks: list[asyncio.Task[None]] = []
        self.failed_at: int | None = None
        """The reply that it has failed at although nobody else was to make it: another one takes over between two replies."""
        self._closing = False

    def give(self, port: str, frame: Frame) -> None:
        if port in self.wires:
            self.wires[port].deliver(frame)

    def full(self) -> bool:
        return any(wire.full() for wire in self.wires.values())

    def waited_until(self, now: float) -> float:
        """Until when the graph kept it from going on."""
        return max((now if outlet.waiting else outlet.waited_until for outlet in self.outlets.values()), default=0.0)

    async def close(self, why: str) -> None:
        """End its tasks and let it give back what it opened, within a limit."""
        if self._closing:
            return
        self._closing = True
        await cancel([*self.tasks, *self.node.handlers])
        await close_all({why: self.processor.close()}, CLOSE_LIMIT)
