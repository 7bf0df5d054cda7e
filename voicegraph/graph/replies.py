"""Which reply is live. One state, changed in one step: what a drop ends is over everywhere when `drop` returns."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from voicegraph.frames import Frame
from voicegraph.graph.processor import Gate


class Holder(Protocol):
    """A link that may have to keep a frame until its reply is confirmed."""

    def release(self, frame: Frame) -> None:
        """Hand the frame on now."""

    def discard(self) -> None:
        """Count a frame that will never be handed on."""


class LiveReplies:
    """The `Replies` of a session, plus what its links ask on every frame.

    on_confirm(), on_commit(), on_drop(epoch), on_gate(gate), on_settle(), on_work(busy): the session's side effects, called synchronously.
    """

    def __init__(
        self,
        on_confirm: Callable[[], None],
        on_commit: Callable[[], None],
        on_drop: Callable[[int], None],
        on_gate: Callable[[Gate], None],
        on_settle: Callable[[], None] = lambda: None,
        on_work: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._on_confirm = on_confirm
        self._on_commit = on_commit
        self._on_drop = on_drop
        self._on_gate = on_gate
        self._on_settle = on_settle
        self._on_work = on_work
        self._last = 0
        self._live: int | None = None
        self._confirmed = False
        self._committed: int | None = None
        self._gate: Gate = "open"
        self.unsettled: int | None = None
        self._working: Counter[int] = Counter()
        self._held: deque[tuple[Holder, Frame]] = deque()
        self._committing: list[asyncio.Future[None]] = []
        self._releasing = False
        """Held frames are going on: what is sent meanwhile is held behind them, so that the order stays."""
        self.dropped_for = ""
        self.firsts: dict[str, float] = {}
        self.flowing = False
        """Whether frames flow at all: False before every node has started and after the links are closed."""
        self._ending = False

    @property
    def live(self) -> int | None:
        return self._live

    def alive(self, epoch: int | None) -> bool:
        return self.flowing and (epoch is None or (epoch == self._live and not self._ending))

    # --- for the floor ---------------------------------------------------------------------------------------------------------

    def begin(self) -> int:
        if self._live is not None:
            raise RuntimeError(f"reply {self._live} is live: drop it before the next begins")
        if self.unsettled is not None:
            raise RuntimeError(f"reply {self.unsettled} is not settled: its Heard must arrive before the next begins")
        self._last += 1
        self._live, self._confirmed = self._last, False
        self.firsts = {}
        self.gate("open")
        return self._last

    def confirm(self) -> None:
        if self._live is None:
            raise RuntimeError("no reply is live: there is nothing to confirm")
        self._confirmed = True
        self.unsettled = self._live
        for waiting in self._committing:
            if not waiting.done():
                waiting.set_result(None)
        self._committing.clear()
        self._releasing = True
        while self._held:
            holder, frame = self._held.popleft()
            holder.release(frame)
        self._releasing = False
        self._on_confirm()

    def drop(self, why: str) -> None:
        epoch = self._live
        if epoch is None:
            return
        self.dropped_for = why
        self._live = None
        for holder, _ in self._held:
            holder.discard()
        self._held.clear()
        for waiting in self._committing:
            waiting.cancel()
        self._committing.clear()
        self._on_drop(epoch)

    def settle(self, reply: int) -> None:
        if reply == self.unsettled and reply != self._live:
            self.unsettled = None
            self._on_settle()

    def gate(self, gate: Gate) -> None:
        if self._live is not None and gate != self._gate:
            self._gate = gate
            self._on_gate(gate)

    # --- for nodes that do something else for a reply ---------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        return self._live is not None and self._working[self._live] > 0

    @property
    def committed(self) -> bool:
        return self._live is not None and self._live == self._committed

    @contextmanager
    def work(self, epoch: int) -> Iterator[None]:
        self._count_work(epoch, 1)
        try:
            yield
        finally:
            self._count_work(epoch, -1)

    def _count_work(self, epoch: int, more: int) -> None:
        before = self.busy
        self._working[epoch] += more
        if self.busy != before:
            self._on_work(self.busy)

    # --- for the session -------------------------------------------------------------------------------------------------------

    def finish(self, why: str) -> None:
        """The call is ending: drop the live reply. One that the floor begins after this, for words that were left, is dead from birth."""
        self._ending = True
        self.drop(why)

    # --- for links and nodes ---------------------------------------------------------------------------------------------------

    def note(self, port: str) -> None:
        """This output port has given its first frame of the live reply."""
        self.firsts[port] = asyncio.get_running_loop().time()

    def must_hold(self, epoch: int | None) -> bool:
        return epoch is not None and (not self._confirmed or self._releasing)

    def hold(self, holder: Holder, frame: Frame) -> None:
        self._held.append((holder, frame))

    async def commit(self, epoch: int) -> None:
        if epoch == self._live and not self._confirmed:
            waiting = asyncio.get_running_loop().create_future()
            self._committing.append(waiting)
            await waiting
        if epoch != self._live:  # also when it was dropped in the step after its confirmation
            raise asyncio.CancelledError
        self._committed = epoch
        self._on_commit()
