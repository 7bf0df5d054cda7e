"""A node of a running graph: its processor, its inbox, and the task that empties it."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from voicegraph.errors import CallFailed
from voicegraph.frames import Frame
from voicegraph.graph.processor import Processor
from voicegraph.graph.replies import LiveReplies
from voicegraph.graph.wire import FATAL, Wire, WiredOutlet

GRACE = 0.05
"""Seconds that a cancelled handler has to clean up before the node goes on without it; whatever it still sends is of a dead reply."""


T = TypeVar("T")


class Report(Protocol):
    def __call__(self, problem: BaseException, processor: Processor, epoch: int | None = None) -> None: ...


class Node:
    """Frames go through one first-in-first-out inbox, one handler at a time.

    Frames of a reply are handled in a task of their own, which a drop cancels; the others in the node's task, which lives as long as the call.
    """

    def __init__(
        self, processor: Processor, outlets: Sequence[WiredOutlet], replies: LiveReplies, report: Report, released: Callable[[], None]
    ) -> None:
        self.processor = processor
        self.outlets = outlets
        self.idle = asyncio.Event()
        self.idle.set()
        self.handlers: set[asyncio.Task[None]] = set()
        """Tasks that handle frames of replies: one at a time, and those which were left behind because they would not be cancelled."""
        self._replies = replies
        self._report = report
        self._released = released
        self._inbox: deque[tuple[Wire, Frame]] = deque()
        self._arrived = asyncio.Event()
        self._handling: asyncio.Task[None] | None = None
        self._abandon: asyncio.Future[None] | None = None

    def report(self, problem: BaseException, epoch: int | None) -> None:
        self._report(problem, self.processor, epoch)

    def full(self) -> bool:
        return self.processor.full() or any(wire.full() for outlet in self.outlets for wire in outlet.wires)

    def put(self, wire: Wire, frame: Frame) -> None:
        waiting = wire.statistics.waiting
        if wire.port.full == "oldest" and waiting >= wire.port.size:
            self._drop_oldest(wire)
        elif waiting >= FATAL * wire.port.size:
            link = wire.link
            self.report(CallFailed(f"'{link.source}.{link.out}' sends faster than '{link.target}' can take"), None)
            return
        self._inbox.append((wire, frame))
        wire.statistics.waiting += 1
        wire.statistics.deepest = max(wire.statistics.deepest, wire.statistics.waiting)
        self._arrived.set()
        self.idle.clear()

    def _drop_oldest(self, wire: Wire) -> None:
        for index, (other, _) in enumerate(self._inbox):
            if other is wire:
                del self._inbox[index]
                wire.statistics.waiting -= 1
                wire.statistics.drops += 1
                return

    async def work(self) -> None:
        """Empty the inbox until cancelled."""
        while True:
            while not self._inbox:
                self.idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            wire, frame = self._inbox.popleft()
            wire.statistics.waiting -= 1
            self._released()
            if self._replies.alive(frame.epoch):
                await self._handle(wire, frame)
            else:
                wire.statistics.drops += 1

    async def _handle(self, wire: Wire, frame: Frame) -> None:
        wire.statistics.frames += 1
        result = wire.handler(frame)
        assert inspect.iscoroutine(result)
        if frame.epoch is None:
            await self._handle_for_call(result)
        else:
            await self._handle_for_reply(asyncio.create_task(result, name=f"{self.processor.name}.{wire.port.name}"), frame.epoch)

    async def _handle_for_call(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if _is_cancelled():
                raise  # else what it waited for was cancelled, such as commit() of a reply that is over: the node itself goes on
        except Exception as problem:  # noqa: BLE001  # whatever a handler raises is the node's failure; the session decides what it ends
            self.report(problem, None)

    async def _handle_for_reply(self, task: asyncio.Task[None], epoch: int) -> None:
        self._handling = task
        self._abandon = asyncio.get_running_loop().create_future()
        self.handlers.add(task)
        task.add_done_callback(lambda task: self._handled(task, epoch))
        try:
            await asyncio.wait((task, self._abandon), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.cancelling():
                task.cancel()
            self._handling = None

    def _handled(self, task: asyncio.Task[None], epoch: int) -> None:
        self.handlers.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.report(problem, epoch)

    def drop(self, epoch: int) -> None:
        """A reply is over: nothing of it stays in the inbox, its handler is cancelled, the processor forgets it."""
        kept = deque((wire, frame) for wire, frame in self._inbox if frame.epoch != epoch)
        for wire, frame in self._inbox:
            if frame.epoch == epoch:
                wire.statistics.waiting -= 1
                wire.statistics.drops += 1
        self._inbox = kept
        if self._handling is not None:
            self._handling.cancel()
            asyncio.get_running_loop().call_later(GRACE, self._leave, self._handling)
        self.do(self.processor.reset, epoch)

    def do(self, part: Callable[[T], None], argument: T) -> None:
        """Call a method of the processor that is no handler; what it raises ends the call, and does not keep the other nodes from their turn."""
        try:
            part(argument)
        except Exception as problem:  # noqa: BLE001  # as with handlers: the node's own failure, never the caller's
            self.report(problem, None)

    def _leave(self, task: asyncio.Task[None]) -> None:
        if task is self._handling and self._abandon is not None and not self._abandon.done():
            task.cancel()
            self._abandon.set_result(None)


def _is_cancelled() -> bool:
    """Whether somebody wants the running task itself to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
