"""How long a node's handlers take and what went through its ports: measured while somebody watches a call, at no cost while nobody does."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal, cast

from voicegraph.frames import Frame
from voicegraph.graph.wire import Handler, Wire

Clock = Callable[[], float]
Way = Literal["in", "out"]


class Meter:
    """Stands before the handlers of these links until `close()`.

    seconds: by node, the time spent in its handlers; of a `def` handler without what it called inline in others, of an `async def` one from
    its start to its end, waiting included. handled: by node, how many frames. working: by node, `async def` handlers under way.
    """

    def __init__(self, wires: Sequence[Wire], keep: int, clock: Clock) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.handled: defaultdict[str, int] = defaultdict(int)
        self.working: defaultdict[str, int] = defaultdict(int)
        self._keep = keep
        self._clock = clock
        self._inner = 0.0
        """Seconds of the handlers that ran inside the one that runs now."""
        self._recent: dict[tuple[str, Way, str], deque[tuple[float, Frame]]] = {}
        self._plain = [(wire, wire.handler) for wire in wires]
        tellers = _tellers(wires)
        for wire, handler in self._plain:
            timed = self._queued(wire, handler) if wire.queued else self._inline(wire, handler)
            wire.handler = self._noting(wire, timed, tells=wire in tellers) if keep else timed

    def close(self) -> None:
        """Leave the handlers as they were."""
        for wire, handler in self._plain:
            wire.handler = handler

    def recent(self, node: str) -> list[tuple[Way, str, float, Frame]]:
        """The last frames of a node by port, the oldest first: in or out, the port, how many seconds ago, the frame."""
        now = self._clock()
        return [(way, port, now - at, frame) for (name, way, port), frames in self._recent.items() if name == node for at, frame in frames]

    def _inline(self, wire: Wire, handler: Handler) -> Handler:
        node, clock = wire.link.target, self._clock

        def timed(frame: Frame) -> None:
            outer, self._inner = self._inner, 0.0
            began = clock()
            try:
                handler(frame)
            finally:
                took = clock() - began
                self.seconds[node] += took - self._inner
                self.handled[node] += 1
                self._inner = outer + took

        return timed

    def _queued(self, wire: Wire, handler: Handler) -> Handler:
        node, clock = wire.link.target, self._clock

        async def timed(frame: Frame) -> None:
            began = clock()
            self.working[node] += 1
            try:
                await cast("Coroutine[Any, Any, None]", handler(frame))
            finally:
                self.working[node] -= 1
                self.seconds[node] += clock() - began
                self.handled[node] += 1

        return timed

    def _noting(self, wire: Wire, handler: Handler, *, tells: bool) -> Handler:
        """Remember the frame where it arrives, and if this link tells, also where it left."""
        link = wire.link
        rings = [self._ring(link.target, "in", link.into)]
        if tells:
            rings.append(self._ring(link.source, "out", link.out))

        def noting(frame: Frame) -> Any:
            at = self._clock()
            for ring in rings:
                ring.append((at, frame))
            return handler(frame)

        return noting

    def _ring(self, node: str, way: Way, port: str) -> deque[tuple[float, Frame]]:
        return self._recent.setdefault((node, way, port), deque(maxlen=self._keep))


def _tellers(wires: Sequence[Wire]) -> set[Wire]:
    """For each output the link that tells what left it: where there is one, a link that does not wait in an inbox."""
    chosen: dict[tuple[str, str], Wire] = {}
    for wire in sorted(wires, key=lambda wire: wire.queued):
        chosen.setdefault((wire.link.source, wire.link.out), wire)
    return set(chosen.values())
