"""A node with stand-ins (`otherwise:`): one place in the graph, several processors, of which one is in charge.

To the graph it is one node. The processor in charge has an inbox of its own, gets what the node gets, and sends through the node's outputs. When it
fails or stalls, the next choice is made, opened and given what nobody has dealt with; when the better one can be opened again, it is taken back
between two replies. A reply for which a tool has had its effect is not made twice: it fails, and the next one is the stand-in's. Who is chosen is
`core/failover.py`, what is handed over is `handover.py`, one of the choices is `seat.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from voicegraph.core import rtvi
from voicegraph.core.failover import Failover
from voicegraph.core.turns import TOO_SLOW
from voicegraph.errors import CallFailed, Failure, ReplyFailed
from voicegraph.frames import Frame
from voicegraph.graph.handover import Handover, handover_of
from voicegraph.graph.node import Node
from voicegraph.graph.ports import Outlet
from voicegraph.graph.processor import START_LIMIT, Gate, Place, Processor
from voicegraph.graph.seat import Seat, SeatOutlet
from voicegraph.graph.spec import NodeSpec
from voicegraph.graph.wire import Wire

OPEN_LIMIT = 2.5
"""Seconds that a provider may take to be opened while another one waits to be: the caller waits, too,"""
OPEN_SHARE = 0.4
"""and all of these together this much of the time in which a call has to start: the last one has the rest."""
LATE = "It does not answer in time."

GivesWay = Callable[[Processor, BaseException, str], bool]

log = logging.getLogger(__name__)


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
        self._bench: Seat | None = None
        """The one that has failed at its reply, while another one is opened: if none can be, it stays and only the reply is lost."""
        self._lost: int | None = None
        """That reply."""
        self._trial: asyncio.Task[None] | None = None
        self._open: set[Seat] = set()
        self._obstacle = CallFailed("")
        """Why the last one that was tried could not be opened."""
        self._problem: BaseException = self._obstacle
        """What the one in charge failed with."""
        self._why: Failure | None = None
        self._memory: Sequence[Any] = ()
        self._epoch: int | None = None
        self._wake = asyncio.Event()
        self._alarm: float | None = None

    # --- the node that the graph sees ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._handover = _handover(self._choices[0], self.place)
        await self._fill()
        if self._spare is None:
            raise self._obstacle

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
        elif self._bench is not None and frame.epoch is None:
            self._bench.give(port, frame)
        if self._wants_attention():
            self._wake.set()

    def full(self) -> bool:
        return self._seat is not None and self._seat.full()

    def gate(self, gate: Gate) -> None:
        if self._seat is not None:
            self._seat.node.do(self._seat.processor.gate, gate)

    def reset(self, epoch: int) -> None:
        if self._seat is not None and epoch == self._epoch and self.call.replies.dropped_for == TOO_SLOW and self._was_silent(self._seat):
            self._record.failed(self.call.now(), self._seat.choice)
            self._seat.failed_at, self._why = epoch, Failure(LATE)
        self._epoch = None
        self._handover.reset(epoch)
        if self._seat is not None:
            self._seat.node.drop(epoch)
        self._wake.set()

    def remembered(self) -> Sequence[Any]:
        seat = self._seat or self._bench
        return seat.processor.remembered() if seat is not None else self._memory

    def remember(self, entries: Sequence[Any]) -> None:
        self._memory = entries

    async def close(self) -> None:
        await asyncio.gather(*(self._close(seat) for seat in tuple(self._open)))

    # --- decisions -------------------------------------------------------------------------------------------------------------

    async def _step(self) -> None:
        now, seat = self.call.now(), self._seat
        if seat is not None and (stalled := self._stalled_at(seat)) is not None and stalled <= now:
            self.gives_way(seat.processor, ReplyFailed(LATE), LATE)
        if self._seat is None:
            await self._fill()
        if self._spare is not None and (self._seat is None or self._at_rest()):
            self._take_over(self._spare)
        elif self._seat is None:
            self._nobody_else()
        elif self._spare is None and self._trial is None and (wanted := self._wanted(now, self._seat)) is not None:
            self._trial = self.call.spawn(self._try(wanted), self)

    def _wanted(self, now: float, seat: Seat) -> int | None:
        """Who is to be tried beside the one in charge: a better one, or any other in the place of one that has failed."""
        if seat.failed_at is None:
            return self._record.better(now, seat.choice)
        best = self._record.best(now)
        if best == seat.choice:
            seat.failed_at = None  # nobody else could be had meanwhile
        return None if best == seat.choice else best

    async def _rest(self) -> None:
        """Until something happens, or the next moment at which something is to be done."""
        seat = self._seat
        moments = [] if seat is None else [self._stalled_at(seat)]
        if self._spare is None and self._trial is None:
            moments.append(self._record.deadline(len(self._choices) if seat is None or seat.failed_at is not None else seat.choice))
        self._alarm = min((moment for moment in moments if moment is not None), default=None)
        try:
            async with asyncio.timeout_at(self._alarm):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _stalled_at(self, seat: Seat) -> float | None:
        """When its silence will have been too long, if there is anybody else to try."""
        now, since = self.call.now(), self._silent_since(seat)
        if since is None or self._has_failed(seat) or not self._record.another(now, seat.choice):
            return None
        return since + seat.processor.longest_silence

    def _silent_since(self, seat: Seat) -> float | None:
        """Since when it has owed something. Who waits for the graph or for a tool owes nothing meanwhile."""
        now, since = self.call.now(), self._handover.owed_since()
        works = self._handover.acts and self.call.replies.busy
        return None if since is None else max(since, seat.waited_until(now), now if works else 0.0)

    def _was_silent(self, seat: Seat) -> bool:
        """Whether it is to blame for a reply that took too long."""
        since = self._silent_since(seat)
        return since is not None and self.call.now() - since >= Processor.longest_silence

    def _has_failed(self, seat: Seat) -> bool:
        """Whether its present reply is known to have failed."""
        return seat.failed_at is not None and seat.failed_at == self._epoch

    def _wants_attention(self) -> bool:
        if self._seat is None or self._spare is not None:
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
        elif self._bench is not None and processor is self._bench.processor and not isinstance(problem, ReplyFailed):
            self._problem, self._memory = problem, processor.remembered()
            self._retire(self._bench)
            self._bench = None
        elif self._seat is not None and processor is self._seat.processor and not self._has_failed(self._seat):
            self._record.failed(now, self._seat.choice)
            if self._spare is None and not self._record.another(now, self._seat.choice):
                return False
            self._problem, self._why = problem, problem if isinstance(problem, Failure) else Failure(sentence)
            self._failed(self._seat)
        self._wake.set()
        return True

    def _failed(self, seat: Seat) -> None:
        """The one in charge has, and there are others to be tried: at the same reply, unless it has had an effect that they might repeat."""
        if self._handover.acts and self.call.replies.committed:
            seat.failed_at = self._epoch
            self.call.fail(ReplyFailed(str(self._why)), self, self._epoch)
            return
        self._seat = None
        if isinstance(self._problem, ReplyFailed):
            self._bench, self._lost = seat, self._epoch
            self._stop(seat)
        else:
            self._memory = seat.processor.remembered()
            self._retire(seat)

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
            async with asyncio.timeout(self._limit(choice)):
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

    def _limit(self, choice: int) -> float:
        """Seconds to open this choice."""
        others = len(self._choices) - 1
        return min(OPEN_LIMIT, OPEN_SHARE * START_LIMIT / others) if choice < others else START_LIMIT

    def _cannot_open(self, choice: int, problem: Exception) -> None:
        self._record.failed(self.call.now(), choice)
        failure = problem if isinstance(problem, Failure) else CallFailed(f"It did not start ({type(problem).__name__}).")
        log.info("call %s: '%s' cannot have %s: %s", self.call.id, self.name, _label(self._choices[choice]), failure.plain)
        self._obstacle = CallFailed(failure.plain, failure.said)
        if self._seat is None:
            self._why = self._why or failure

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
        now, former = self.call.now(), self._seat or self._bench
        self._seat, self._spare, self._bench = seat, None, None
        if former is not None:
            self._memory, self._why = former.processor.remembered(), self._why or Failure("It can be had again.")
            self._retire(former)
        self._recall(seat)
        for frame in self._handover.farewell(now):
            for name, out in self.contract.outs.items():
                if isinstance(frame, out.kind):
                    self.place.outlets[name].send(frame)
        seat.tasks = [self.call.spawn(seat.node.work(), seat.processor), self.call.spawn(seat.processor.run(), seat.processor)]
        self._give_again(seat)
        self._announce(seat)

    def _give_again(self, seat: Seat) -> None:
        for port, frame in self._handover.replay(self.call.now()):
            if self.call.alive(frame.epoch):
                seat.give(port, frame)

    def _nobody_else(self) -> None:
        """No other one can be opened: what has happened is what would have happened without any."""
        if self._bench is None:
            self.call.fail(self._problem, self)
            return
        self._seat, self._bench, self._why = self._bench, None, None
        if self._lost is not None:
            self.call.fail(self._problem, self, self._lost)
        if self._epoch not in (None, self._lost):
            self._give_again(self._seat)

    def _recall(self, seat: Seat) -> None:
        try:
            if self._memory:
                seat.processor.remember(self._memory)
        except ValueError as problem:
            log.info("call %s: what '%s' remembered is of no use to its stand-in: %s", self.call.id, self.name, problem)

    def _announce(self, seat: Seat) -> None:
        if self._why:
            to, why, self._why = _label(self._choices[seat.choice]), self._why, None
            log.info("call %s: '%s' goes on with %s: %s", self.call.id, self.name, to, why.plain)
            self.call.line.tell(rtvi.server_message("failover", {"node": self.name, "to": to, "why": str(why)}))

    def _retire(self, seat: Seat | None) -> None:
        if seat is None:
            return
        self._stop(seat)
        self.call.spawn(self._close(seat), self)

    def _stop(self, seat: Seat) -> None:
        """End what it does for the reply."""
        if self._epoch is not None:
            seat.node.drop(self._epoch)
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
