"""A link of a running graph, and the output port that sends through it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicegraph.frames import Event, Frame
from voicegraph.graph.ports import In, Out
from voicegraph.graph.replies import LiveReplies
from voicegraph.graph.spec import Link

if TYPE_CHECKING:
    from voicegraph.graph.node import Node

Handler = Callable[[Any], Awaitable[None] | None]

FATAL = 16
"""How many times its size an inbox may hold before the call ends: a sender that never asks `room()` must not eat the memory."""


@dataclass(slots=True)
class LinkStatistics:
    """What a link has done so far. `waiting`, `deepest`: frames in the inbox, now and at most."""

    link: Link
    frames: int = 0
    drops: int = 0
    waiting: int = 0
    deepest: int = 0


class Wire:
    """One link: checks the reply, holds, counts, and hands frames to the target's handler or inbox."""

    def __init__(self, link: Link, port: In[Any], target: Node, replies: LiveReplies) -> None:
        self.link = link
        self.port = port
        self.target = target
        self.statistics = LinkStatistics(link)
        self.queued = port.name in target.processor.contract.queued
        self.handler: Handler = getattr(target.processor, f"on_{port.name}")
        """Looked up for every frame: a `Meter` puts another in its place while somebody watches."""
        self._replies = replies
        self._held = 0

    def take(self, frame: Frame) -> None:
        """A frame from the sender. Feedback waits for the next turn of the loop: a drop that re-entered through it would meet half-changed state."""
        if self.link.feedback:
            asyncio.get_running_loop().call_soon(self.deliver, frame)
        elif self.port.confirmed and self._replies.must_hold(frame.epoch):
            self._held += 1
            self._replies.hold(self, frame)
        else:
            self.deliver(frame)

    def deliver(self, frame: Frame) -> None:
        if not self._replies.alive(frame.epoch):
            self.statistics.drops += 1
        elif self.queued:
            self.target.put(self, frame)
        else:
            self._call(frame)

    def release(self, frame: Frame) -> None:
        self._held -= 1
        self.deliver(frame)

    def discard(self) -> None:
        self._held -= 1
        self.statistics.drops += 1

    def full(self) -> bool:
        """Whether the sender should wait. A node without an inbox passes the question on to what it feeds; what goes up as feedback makes
        nobody wait, or a node would wait for itself."""
        if self.link.feedback:
            return False
        if self._held >= self.port.size:
            return True
        if self.queued:
            return self.target.processor.full() or (self.port.full == "wait" and self.statistics.waiting >= self.port.size)
        return self.target.full()

    def _call(self, frame: Frame) -> None:
        self.statistics.frames += 1
        try:
            self.handler(frame)
        except (Exception, asyncio.CancelledError) as problem:  # noqa: BLE001  # what a handler raises is its own node's, never the sender's
            self.target.report(problem, frame.epoch)


class WiredOutlet:
    """The output port of a running node, by its name in the graph: `tts.audio`."""

    def __init__(self, name: str, port: Out[Any], replies: LiveReplies, room: Callable[[], asyncio.Future[None]]) -> None:
        self._name = name
        self._is_stage = port.kind is not Event  # what is told beside the reply is no step on its way
        self._noted: int | None = None
        self.wires: list[Wire] = []
        self._replies = replies
        self._room = room
        self.closed = False
        self.stale = 0

    @property
    def linked(self) -> bool:
        return bool(self.wires)

    def send(self, frame: Frame) -> bool:
        if self.closed or not self._replies.alive(frame.epoch):
            self.stale += 1
            return False
        if self._is_stage and frame.epoch != self._noted and frame.epoch is not None:
            self._noted = frame.epoch
            self._replies.note(self._name)
        for wire in self.wires:
            wire.take(frame)
        return self._replies.alive(frame.epoch)

    async def room(self, epoch: int | None) -> bool:
        await asyncio.sleep(0)
        while not self.closed and self._replies.alive(epoch) and any(wire.full() for wire in self.wires):
            await self._room()
        return not self.closed and self._replies.alive(epoch)


@dataclass(frozen=True, slots=True)
class WiredInlet:
    """The input port of a running node."""

    port: str
    links: tuple[Link, ...]

    @property
    def linked(self) -> bool:
        return bool(self.links)

    @property
    def rate(self) -> int:
        for link in self.links:
            if link.rate is not None:
                return link.rate
        raise LookupError(f"no audio is linked to '{self.port}'")
