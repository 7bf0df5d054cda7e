"""A node with stand-ins (`otherwise:`): one place in the graph, several processors, of which one is in charge.

To the graph it is one node. The processor in charge has an inbox of its own, gets what the node gets, and sends through the node's outputs. When it
fails or stalls, the next choice is made, opened and given what nobody has dealt with; when the better one can be opened again, it is taken back
between two replies. Who is chosen is `core/failover.py`, what is handed over is `handover.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from voicegraph.core import rtvi
from voicegraph.core.failover import Failover
from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import Frame
from voicegraph.graph.ending import cancel, close_all
from voicegraph.graph.handover import Handover, handover_of
from voicegraph.graph.node import Node
from voicegraph.graph.ports import Outlet
from voicegraph.graph.processor import Gate, Place, Processor
from voicegraph.graph.spec import NodeSpec
from voicegraph.graph.wire import Wire

OPEN_LIMIT = 5.0
"""Seconds that a provider may take to be opened while another one waits to be."""
CLOSE_LIMIT = 1.0

GivesWay = Callable[[Processor, BaseException, str], bool]

log = logging.getLogger(__name__)


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


class Employ(Protocol):
    """Makes a processor of the switch; `gives_way(processor, problem, sentence)` says whether its failure is dealt with. Raises CallFailed."""

    def __call__(self, spec: NodeSpec, outlets: Mapping[str, Outlet[Any]], gives_way: GivesWay) -> tuple[Node, Mapping[str, Wire]]: ...


class Switch(Processor):
    """The node itself. choices: the node as it is wanted, then its stand-ins. Its ports come from `switch_of`."""

    def __init__(self, place: Place, choices: Sequence[NodeSpec], employ: Employ) -> None:
        super().__init__(place)
        self._choices = choices
        self._employ = employ
        self._record = Failover(len(choices))
        self._seat: Seat | None = None
        self._spare: Seat | None = None
        """A better choice that could be opened again, until the reply is over."""
        self._trial: asyncio.Task[None] | None = None
        self._open: set[Seat] = set()
        self._problem: BaseException = CallFailed("")
        self._why = ""
        self._memory: Sequence[Any] = ()
        self._epoch: int | None = None
        self._wake = asyncio.Event()
        self._alarm: float | None = None

    # --- the node that the graph sees ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._handover = _handover(self._choices[0], self.place)
        await self._fill()
        if self._spare is None:
            raise self._problem

    async def run(self) -> None:
        while True:
            await self._step()
            await self._rest()

    def take(self, port: str, frame: Frame) -> None:
        """A frame for the node."""
        self._epoch = self._epoch if frame.epoch is None else frame.epoch
        self._handover.given(port, frame, self.call.now())
        if self._seat is not None:
            self._seat.give(port, frame)
        if self._wants_attention():
            self._wake.set()

    def full(self) -> bool:
        return self._seat is not None and self._seat.full()

    def gate(self, gate: Gate) -> None:
        if self._seat is not None:
            self._seat.node.do(self._seat.processor.gate, gate)

    def reset(self, epoch: int) -> None:
        self._epoch = None
        self._handover.reset(epoch)
        if self._seat is not None:
            self._seat.node.drop(epoch)
        self._wake.set()

    def remembered(self) -> Sequence[Any]:
        return self._seat.processor.remembered() if self._seat is not None else self._memory

    def remember(self, entries: Sequence[Any]) -> None:
        self._memory = entries

    async def close(self) -> None:
        await asyncio.gather(*(self._close(seat) for seat in tuple(self._open)))

    # --- decisions -------------------------------------------------------------------------------------------------------------

    async def _step(self) -> None:
        now, seat = self.call.now(), self._seat
        if seat is not None and (stalled := self._stalled_at(seat)) is not None and stalled <= now:
            self.gives_way(seat.processor, ReplyFailed("It does not answer in time."), "It does not answer in time.")
        if self._seat is None:
            await self._fill()
        if self._spare is not None and (self._seat is None or self._at_rest()):
            self._take_over(self._spare)
        elif self._seat is None:
            self.call.fail(self._problem, self)
        elif self._spare is None and self._trial is None and (better := self._record.better(now, self._seat.choice)) is not None:
            self._trial = self.call.spawn(self._try(better), self)

    async def _rest(self) -> None:
        """Until something happens, or the next moment at which something is to be done."""
        seat = self._seat
        moments = [] if seat is None else [self._stalled_at(seat)]
        if self._spare is None and self._trial is None:
            moments.append(self._record.deadline(len(self._choices) if seat is None else seat.choice))
        self._alarm = min((moment for moment in moments if moment is not None), default=None)
        try:
            async with asyncio.timeout_at(self._alarm):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _stalled_at(self, seat: Seat) -> float | None:
        """When its silence will have been too long, if there is anybody else to try. Who waits for the graph owes nothing meanwhile."""
        now, since = self.call.now(), self._handover.owed_since()
        if since is None or not self._record.another(now, seat.choice):
            return None
        return max(since, seat.waited_until(now)) + seat.processor.longest_silence

    def _wants_attention(self) -> bool:
        if self._seat is None or (self._spare is not None and self._at_rest()):
            return True
        stalled = self._stalled_at(self._seat)
        return stalled is not None and (self._alarm is None or stalled < self._alarm)

    def _at_rest(self) -> bool:
        return self._handover.idle() and self.call.replies.unsettled is None

    def gives_way(self, processor: Processor, problem: BaseException, sentence: str) -> bool:
        """A processor of this switch has failed; whether another one can take its place. One that is not in charge is no loss."""
        now = self.call.now()
        if self._spare is not None and processor is self._spare.processor:
            self._record.failed(now, self._spare.choice)
            self._retire(self._spare)
            self._spare = None
        elif self._seat is not None and processor is self._seat.processor:
            self._record.failed(now, self._seat.choice)
            if self._spare is None and not self._record.another(now, self._seat.choice):
                return False
            self._problem, self._why = problem, sentence
            self._memory = self._seat.processor.remembered()
            self._retire(self._seat)
            self._seat = None
        self._wake.set()
        return True

    # --- carrying out ----------------------------------------------------------------------------------------------------------

    async def _fill(self) -> None:
        """Open the best choice that can be had; it becomes the spare one."""
        if self._trial is not None:
            self._trial.cancel()
            self._trial = None
        while self._spare is None and (choice := self._record.best(self.call.now())) is not None:
            await self._try(choice)

    async def _try(self, choice: int) -> None:
        """Open one of the choices and keep it ready."""
        seat = None
        try:
            seat = self._made(choice)
            async with asyncio.timeout(OPEN_LIMIT if choice < len(self._choices) - 1 else None):
                await seat.processor.start()
            self._spare = seat
        except asyncio.CancelledError:
            self._retire(seat)
            raise
        except Exception as problem:  # noqa: BLE001  # whatever is wrong with it, the next one may be well
            self._retire(seat)
            self._cannot_open(choice, problem)
        self._trial = None
        self._wake.set()

    def _cannot_open(self, choice: int, problem: Exception) -> None:
        self._record.failed(self.call.now(), choice)
        plain = str(problem) if isinstance(problem, CallFailed | ReplyFailed) else f"It did not start ({type(problem).__name__})."
        log.info("call %s: '%s' cannot have %s: %s", self.call.id, self.name, _label(self._choices[choice]), plain)
        if self._seat is None:
            self._problem, self._why = CallFailed(plain), self._why or plain

    def _made(self, choice: int) -> Seat:
        spec = self._choices[choice]
        outlets = {name: SeatOutlet(self.place.outlets.get(name)) for name in spec.processor.contract.outs}
        seat = Seat(choice, *self._employ(spec, outlets, self.gives_way), outlets)
        for name, outlet in outlets.items():
            outlet.leads_to = partial(self._send, seat, name)
        self._open.add(seat)
        return seat

    def _send(self, seat: Seat, port: str, frame: Frame) -> bool:
        """What a processor sends; False for one that is not in charge."""
        if seat is not self._seat or port not in self.place.outlets:
            return False
        now = self.call.now()
        self._record.works(now, seat.choice)
        alive = self.call.alive(frame.epoch)
        for each in self._handover.sent(frame, now) if alive else ():
            alive = self.place.outlets[port].send(each)
        if self._spare is not None:
            self._wake.set()
        return alive

    def _take_over(self, seat: Seat) -> None:
        """From now on this one does the work."""
        now, former = self.call.now(), self._seat
        self._seat, self._spare = seat, None
        if former is not None:
            self._memory, self._why = former.processor.remembered(), "It can be had again."
            self._retire(former)
        self._recall(seat)
        for frame in self._handover.farewell(now):
            for name, out in self.contract.outs.items():
                if isinstance(frame, out.kind):
                    self.place.outlets[name].send(frame)
        seat.tasks = [self.call.spawn(seat.node.work(), seat.processor), self.call.spawn(seat.processor.run(), seat.processor)]
        for port, frame in self._handover.replay(now):
            if self.call.alive(frame.epoch):
                seat.give(port, frame)
        self._announce(seat)

    def _recall(self, seat: Seat) -> None:
        try:
            if self._memory:
                seat.processor.remember(self._memory)
        except ValueError as problem:
            log.info("call %s: what '%s' remembered is of no use to its stand-in: %s", self.call.id, self.name, problem)

    def _announce(self, seat: Seat) -> None:
        if self._why:
            to, why, self._why = _label(self._choices[seat.choice]), self._why, ""
            log.info("call %s: '%s' goes on with %s: %s", self.call.id, self.name, to, why)
            self.call.line.tell(rtvi.server_message("failover", {"node": self.name, "to": to, "why": why}))

    def _retire(self, seat: Seat | None) -> None:
        if seat is None:
            return
        if self._epoch is not None:
            seat.node.drop(self._epoch)
        self.call.spawn(self._close(seat), self)
        self.call.released()

    async def _close(self, seat: Seat) -> None:
        await seat.close(f"'{self.name}' of call {self.call.id}")
        self._open.discard(seat)


def switch_of(choices: Sequence[NodeSpec]) -> type[Switch]:
    """A class with the outputs of the first choice and the inputs of all of them."""
    ports: dict[str, Any] = {f"out_{name}": out for name, out in choices[0].processor.contract.outs.items()}
    ins = {name: port for choice in reversed(choices) for name, port in choice.processor.contract.ins.items()}
    for name, port in ins.items():
        ports |= {f"in_{name}": port, f"on_{name}": _handler(name)}
    return type("Switch", (Switch,), ports)


def _handler(port: str) -> Callable[[Switch, Frame], None]:
    def handle(self: Switch, frame: Frame) -> None:
        self.take(port, frame)

    return handle


def _handover(spec: NodeSpec, place: Place) -> Handover:
    rates = [wire.link.rate for outlet in place.outlets.values() for wire in getattr(outlet, "wires", ())]
    found = handover_of(spec.processor.contract.outs, next(filter(None, rates), None))
    assert found is not None, "load has checked that this work can be handed over"
    return found


def _label(spec: NodeSpec) -> str:
    """A processor, and its model where it has one."""
    model = getattr(spec.settings, "model", None)
    return f"{spec.use} ({model})" if model else spec.use
