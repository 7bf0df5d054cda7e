"""One node in a real session: what a test of a processor needs, and nothing around it.

async with OneNode(Resampler, {"rate": 16000}, rates={"audio": 48000}) as node:
    node.give("audio", CallerAudio(pcm=pcm, rate=48000, t=0.0))
    assert node.sent("audio")[0].rate == 16000
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from voicegraph.frames import Frame, Pcm
from voicegraph.graph.host import Host
from voicegraph.graph.line import Asleep, Hear, Message, Obey, Pull, never
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.session import Session
from voicegraph.graph.settings import WRITTEN, Settings
from voicegraph.graph.spec import GraphSpec, Link, NodeSpec, Position

_OVER = "the test is over"


class FakeLine:
    """A caller's end that a test moves by hand."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.rate = 0
        self._hear: Hear | None = None
        self._obey: Obey | None = None
        self._pull: Pull | None = None
        self.asleep: Asleep = never
        self.woken = 0

    def listen(self, rate: int, hear: Hear) -> None:
        self.rate, self._hear = rate, hear

    def obey(self, take: Obey) -> None:
        self._obey = take

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        self.rate, self._pull, self.asleep = rate, pull, asleep

    def wake(self) -> None:
        self.woken += 1

    def tell(self, message: Message) -> None:
        self.told.append(message)

    def hear(self, pcm: Pcm, t: float) -> None:
        """The caller makes a sound."""
        assert self._hear is not None, "no node listens to the line"
        self._hear(pcm, t)

    def message(self, message: Message) -> None:
        """The caller's page sends a message."""
        assert self._obey is not None, "no node obeys the line"
        self._obey(message)

    def pull(self, n: int) -> Pcm:
        """n samples are due at the caller."""
        return np.zeros(n, np.int16) if self._pull is None else self._pull(n)


class OneNode:
    """`processor` between a source that the test feeds and a sink that records. `options` as in YAML; `rates`: Hz of its audio inputs.

    `unlinked`: inputs to leave without a source. `memory`: what the node remembered in an earlier call.
    """

    def __init__(
        self,
        processor: type[Processor],
        options: Mapping[str, Any] | None = None,
        *,
        rates: Mapping[str, int] | None = None,
        unlinked: Sequence[str] = (),
        memory: Sequence[Any] = (),
    ) -> None:
        self.line = FakeLine()
        self.host = Host()
        self._unlinked = unlinked
        self._spec = self._graph(processor, options or {}, rates or {})
        self.session = Session(self._spec, self.line, id="test", host=self.host, memory={"node": memory} if memory else None)
        processors = [node.processor for node in self.session.nodes]
        self._source, self.processor, self._sink = processors

    @property
    def failure(self) -> str | None:
        """The reason for which the call ended, unless it was the end of the test."""
        return None if self.session.ending_for == _OVER else self.session.ending_for

    @property
    def linked(self) -> Collection[str]:
        """The inputs that `give` can send to."""
        return self._source.place.outlets.keys()

    def give(self, port: str, *frames: Frame) -> None:
        """Send frames to an input, as the node above would."""
        for frame in frames:
            self._source.place.outlets[port].send(frame)

    def sent(self, port: str) -> list[Any]:
        """What the node has sent on an output so far."""
        sink: Any = self._sink
        received: list[Any] = sink.received[port]
        return received

    def begin(self) -> int:
        """A reply begins, unconfirmed; its number."""
        return self.session.replies.begin()

    def confirm(self) -> None:
        self.session.replies.confirm()

    def drop(self, why: str = "interrupted") -> None:
        """The reply is over, and settled, so that the next can begin."""
        live = self.session.replies.live
        self.session.replies.drop(why)
        if live is not None:
            self.session.replies.settle(live)

    async def settle(self) -> None:
        """Until the node's inbox is empty and no handler of it runs."""
        await self.session.nodes[1].idle.wait()

    async def __aenter__(self) -> OneNode:
        try:
            await self.session.start()
        except BaseException:
            await self.host.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self.session.close(_OVER)
        await self.host.close()

    def _graph(self, processor: type[Processor], options: Mapping[str, Any], rates: Mapping[str, int]) -> GraphSpec:
        contract = processor.contract
        settings = contract.settings.model_validate(options, context=WRITTEN)
        ins = {name: port for name, port in contract.ins.items() if name not in self._unlinked}
        source = type("Source", (Processor,), {name: Out(port.kind) for name, port in ins.items()})
        sink = _sink_for(contract.outs)
        into = tuple(Link("source", name, "node", name, port.kind, rate=rates.get(name)) for name, port in ins.items())
        out = tuple(Link("node", name, "sink", name, port.kind) for name, port in contract.outs.items())
        here = Position("test.yaml", 1, 1)
        nodes = (
            NodeSpec("source", "source", source, Settings(), here),
            NodeSpec("node", processor.__name__, processor, settings, here, links=into),
            NodeSpec("sink", "sink", sink, Settings(), here, links=out),
        )
        return GraphSpec("test", Path("test.yaml"), "One node.", nodes)


def _sink_for(outs: Mapping[str, Out[Any]]) -> type[Processor]:
    """A processor class with an input per output, which keeps what it gets in `received`."""

    def remember(name: str) -> Any:
        def handler(self: Any, frame: Frame) -> None:
            self.received[name].append(frame)

        return handler

    def init(self: Any, place: Any) -> None:
        Processor.__init__(self, place)
        self.received = {name: [] for name in outs}

    ports: dict[str, Any] = {name: In(port.kind) for name, port in outs.items()}
    handlers = {f"on_{name}": remember(name) for name in outs}
    return type("Sink", (Processor,), {**ports, **handlers, "__init__": init})
