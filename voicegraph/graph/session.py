"""A running graph: one call."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.graph.ending import cancel, close_all
from voicegraph.graph.host import Host
from voicegraph.graph.line import Line
from voicegraph.graph.memory import Memory, memory_of, recall
from voicegraph.graph.meter import Meter
from voicegraph.graph.node import Node
from voicegraph.graph.ports import Outlet
from voicegraph.graph.processor import START_LIMIT, Gate, Place, Processor, S
from voicegraph.graph.replies import LiveReplies
from voicegraph.graph.spec import GraphSpec, NodeSpec
from voicegraph.graph.switch import GivesWay, switch_of
from voicegraph.graph.wire import LinkStatistics, Wire, WiredInlet, WiredOutlet

CLOSE_LIMIT = 1.0
"""Seconds that a node has to give back what it opened."""

log = logging.getLogger(__name__)


class Session:
    """Runs a checked graph for one caller: `await start()`, then `await wait()` for the reason it ended, or `await close(reason)`.

    It is the `Call` that its processors see. Raises CallFailed when a node cannot be made.
    memory: what `remembered` gave in an earlier call. on_settled: called when a reply is over and every node knows what was heard of it.
    """

    def __init__(
        self, spec: GraphSpec, line: Line, *, id: str, host: Host, memory: Memory | None = None, on_settled: Callable[[], None] = lambda: None
    ) -> None:
        self.spec = spec
        self.line = line
        self.id = id
        self.replies = LiveReplies(self.released, self._committed, self._dropped, self._gated, self._settled, self._working)
        self.dead_errors = 0
        """Errors of replies that were over already: expected after a cancellation, counted for the statistics."""
        self._host = host
        self._on_settled = on_settled
        self._loop = asyncio.get_running_loop()
        self._waiting_for_room: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._reason: asyncio.Future[str] = self._loop.create_future()
        self._supervisor: asyncio.Task[str] | None = None
        self._wires: list[Wire] = []
        self._gives_way: WeakKeyDictionary[Processor, GivesWay] = WeakKeyDictionary()
        """For the processors of nodes with stand-ins."""
        self.nodes = self._build(spec)
        self._floor = next((node for node in self.nodes if node.processor.owns_floor), None)
        self.resumed = recall(memory or {}, {node.processor.name: node.processor for node in self.nodes})

    # --- life ------------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every node, then let frames flow. Raises CallFailed with a sentence when one cannot start; nothing is left open then."""
        starting = [self._loop.create_task(node.processor.start(), name=f"{node.processor.name}.start") for node in self.nodes]
        try:
            await asyncio.wait(starting, timeout=START_LIMIT, return_when=asyncio.FIRST_EXCEPTION)
            self._check_started(starting)
        except BaseException:
            await cancel([*starting, *self._tasks])
            await self._close_nodes()
            raise
        self.replies.flowing = True
        for node in self.nodes:
            if node.processor.contract.queued:
                self._start_task(node.work(), node.processor, "work")
            self._start_task(node.processor.run(), node.processor, "run")
        self._supervisor = self._loop.create_task(self._supervise(), name=f"session {self.id}")

    def _check_started(self, starting: Iterable[asyncio.Task[None]]) -> None:
        for task, node in zip(starting, self.nodes, strict=True):
            if task.cancelled():
                raise CallFailed(f"'{node.processor.name}' did not start")
            if task.done() and (problem := task.exception()) is not None:
                raise CallFailed(self._sentence(problem, node.processor.name)) from problem
        for task, node in zip(starting, self.nodes, strict=True):
            if not task.done():
                raise CallFailed(f"'{node.processor.name}' did not start within {START_LIMIT:g} s")

    async def wait(self) -> str:
        """Wait until the call has ended and everything is given back; the reason, as a sentence for the caller."""
        if self._supervisor is None:
            raise RuntimeError("the session was not started")
        return await asyncio.shield(self._supervisor)

    @property
    def ending_for(self) -> str | None:
        """The reason for which the call has ended or is ending; None while it goes on."""
        return self._reason.result() if self._reason.done() else None

    async def close(self, reason: str) -> str:
        """End the call and wait until it has ended. The reason it ended for, which is another when it was ending already."""
        self.end(reason)
        return await self.wait()

    async def _supervise(self) -> str:
        reason = await self._reason
        for node, spec in zip(self.nodes, self.spec.nodes, strict=True):
            if not spec.links:
                for outlet in node.outlets:
                    outlet.closed = True
        self.replies.finish("ended")
        await asyncio.sleep(0)  # feedback is delivered by call_soon: the last Heard reaches the history
        await asyncio.sleep(0)
        self.replies.flowing = False
        self.released()
        await cancel([*self._tasks, *(handler for node in self.nodes for handler in node.handlers)])
        await self._close_nodes()
        return reason

    async def _close_nodes(self) -> None:
        await close_all({f"'{node.processor.name}' of call {self.id}": node.processor.close() for node in self.nodes}, CLOSE_LIMIT)

    # --- the Call that processors see ------------------------------------------------------------------------------------------

    @property
    def has_floor(self) -> bool:
        return self._floor is not None

    def now(self) -> float:
        return self._loop.time()

    def alive(self, epoch: int | None) -> bool:
        return self.replies.alive(epoch)

    async def commit(self, epoch: int) -> None:
        await self.replies.commit(epoch)

    def spawn(self, work: Coroutine[Any, Any, None], processor: Processor) -> asyncio.Task[None]:
        return self._start_task(work, processor, "spawned")

    def fail(self, problem: BaseException, processor: Processor, epoch: int | None = None) -> None:
        if epoch is not None and not self.alive(epoch):
            self.dead_errors += 1
        elif (gives_way := self._gives_way.get(processor)) is not None and gives_way(processor, problem, self._sentence(problem, processor.name)):
            pass  # another one takes its place
        elif isinstance(problem, ReplyFailed):
            log.warning("call %s: a reply failed at '%s': %s", self.id, processor.name, problem.plain)
            self._reply_failed(str(problem), epoch if epoch is not None else self.replies.live)
        else:
            self.end(self._sentence(problem, processor.name))

    def end(self, reason: str) -> None:
        if not self._reason.done():
            self._reason.set_result(reason)

    def released(self) -> None:
        waiting, self._waiting_for_room = self._waiting_for_room, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def shared(self, make: Callable[[], S]) -> S:
        return self._host.shared(make)

    def remembered(self) -> Memory:
        """What a later call of the same graph could go on from, as `memory`."""
        return memory_of(node.processor for node in self.nodes)

    def statistics(self) -> list[LinkStatistics]:
        """What each link has done so far, in file order."""
        return [wire.statistics for wire in self._wires]

    def watch(self, keep: int = 0, clock: Callable[[], float] = time.perf_counter) -> Meter:
        """Time the handlers of every node from now until the meter is closed. keep: how many frames of each port it remembers."""
        return Meter(self._wires, keep, clock)

    # --- inside ----------------------------------------------------------------------------------------------------------------

    def _build(self, spec: GraphSpec) -> list[Node]:
        nodes = {each.name: self._place(each) for each in spec.nodes}
        for each in spec.nodes:
            for link in dict.fromkeys(link for choice in each.choices for link in choice.links):
                wire = Wire(link, nodes[link.target].processor.contract.ins[link.into], nodes[link.target], self.replies)
                outlet = nodes[link.source].processor.place.outlets[link.out]
                assert isinstance(outlet, WiredOutlet)
                outlet.wires.append(wire)
                self._wires.append(wire)
        return list(nodes.values())

    def _place(self, spec: NodeSpec) -> Node:
        outlets = {name: WiredOutlet(f"{spec.name}.{name}", out, self.replies, self._room) for name, out in spec.processor.contract.outs.items()}
        if spec.otherwise is None:
            processor = self._made(spec, outlets)
        else:
            place = Place(name=spec.name, settings=spec.settings, call=self, inlets={}, outlets=outlets)
            processor = switch_of(spec.choices)(place, spec.choices, self._employ)
        return Node(processor, list(outlets.values()), self.replies, self.fail, self.released)

    def _made(self, spec: NodeSpec, outlets: Mapping[str, Outlet[Any]]) -> Processor:
        inlets = {name: WiredInlet(name, tuple(link for link in spec.links if link.into == name)) for name in spec.processor.contract.ins}
        try:
            return spec.processor(Place(spec.name, spec.settings, self, inlets, outlets, replaceable=spec.otherwise is not None))
        except Exception as problem:  # whatever a node's author made it raise ends this call, with a sentence
            raise CallFailed(self._sentence(problem, spec.name)) from problem

    def _employ(self, spec: NodeSpec, outlets: Mapping[str, Outlet[Any]], gives_way: GivesWay) -> tuple[Node, Mapping[str, Wire]]:
        """A processor that works for a switch."""
        processor = self._made(spec, outlets)
        self._gives_way[processor] = gives_way
        node = Node(processor, (), self.replies, self.fail, self.released)
        return node, {link.into: Wire(link, processor.contract.ins[link.into], node, self.replies) for link in spec.links}

    def _start_task(self, work: Coroutine[Any, Any, None], processor: Processor, what: str) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name=f"{processor.name}.{what}")
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._task_done(task, processor))
        return task

    def _task_done(self, task: asyncio.Task[None], processor: Processor) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.fail(problem, processor)

    def _reply_failed(self, sentence: str, epoch: int | None) -> None:
        if self._floor is None:
            self.end(sentence)
        elif epoch is not None:  # not at once: the failure may come from inside of what the floor is doing
            self._loop.call_soon(self._tell_floor, self._floor, sentence, epoch)

    def _tell_floor(self, floor: Node, sentence: str, epoch: int) -> None:
        if self.alive(epoch):
            floor.do(floor.processor.failed, sentence)

    def _sentence(self, problem: BaseException, name: str) -> str:
        if isinstance(problem, CallFailed | ReplyFailed):
            return str(problem)
        where = "".join(traceback.format_tb(problem.__traceback__))  # without the exception's own text: it may hold what the caller said
        log.error("call %s: '%s' failed with %s\n%s", self.id, name, type(problem).__name__, where)
        return f"Something went wrong inside the agent, at '{name}'. The server's log says more."

    def _room(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting_for_room.append(future)
        return future

    def _committed(self) -> None:
        if self._floor is not None:
            try:
                self._floor.processor.committed()
            except Exception as problem:  # noqa: BLE001  # the floor's own failure, never that of the node that commits
                self.fail(problem, self._floor.processor)

    def _working(self, on: bool) -> None:
        if self._floor is not None:
            self._floor.do(self._floor.processor.working, on)

    def _dropped(self, epoch: int) -> None:
        for node in reversed(self.nodes):
            node.drop(epoch)
        self.released()

    def _settled(self) -> None:
        self._loop.call_soon(self._on_settled)  # the other nodes that were sent the same Heard have it by then

    def _gated(self, gate: Gate) -> None:
        for node in reversed(self.nodes):
            node.do(node.processor.gate, gate)
