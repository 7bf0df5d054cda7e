"""A line whose peer connection can be replaced while the call goes on, as after a change of network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from voicegraph.frames import Pcm
from voicegraph.graph.line import Asleep, Hear, Line, Message, Obey, Pull, never

BACKLOG = 1000
"""Messages kept while there is no peer; beyond, the oldest are lost."""


class RoamingLine:
    """The `Line` that a session keeps. `attach` wires everything that the session asked for to the new peer, and the former one falls silent.

    A reply that is being spoken stands still while nobody is attached and goes on from the same sample after.
    first: sees every message before the session does, and says whether it was meant for itself.
    """

    def __init__(self, first: Callable[[Message], bool] = lambda _: False) -> None:
        self._first = first
        self._line: Line | None = None
        self._listener: tuple[int, Hear] | None = None
        self._take: Obey | None = None
        self._source: tuple[int, Pull, Asleep] | None = None
        self._backlog: deque[Message] = deque(maxlen=BACKLOG)

    @property
    def attached(self) -> bool:
        """Whether somebody is at the other end."""
        return self._line is not None

    def attach(self, line: Line) -> None:
        """From now on the caller is at the end of `line`."""
        self._line = line
        if self._listener is not None:
            self._wire_listener(line, *self._listener)
        if self._take is not None:
            self._wire_obey(line, self._take)
        if self._source is not None:
            self._wire_source(line, *self._source)
        while self._backlog:
            line.tell(self._backlog.popleft())

    def detach(self) -> None:
        """Nobody is there for now: messages wait for the next `attach`."""
        self._line = None

    def listen(self, rate: int, hear: Hear) -> None:
        self._listener = rate, hear
        if self._line is not None:
            self._wire_listener(self._line, rate, hear)

    def obey(self, take: Obey) -> None:
        self._take = take
        if self._line is not None:
            self._wire_obey(self._line, take)

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        self._source = rate, pull, asleep
        if self._line is not None:
            self._wire_source(self._line, rate, pull, asleep)

    def wake(self) -> None:
        if self._line is not None:
            self._line.wake()

    def tell(self, message: Message) -> None:
        if self._line is None:
            self._backlog.append(message)
        else:
            self._line.tell(message)

    # Each wire asks whether its line is still the one: a former peer lives on for a moment.

    def _wire_listener(self, line: Line, rate: int, hear: Hear) -> None:
        def only_here(pcm: Pcm, t: float) -> None:
            if self._line is line:
                hear(pcm, t)

        line.listen(rate, only_here)

    def _wire_obey(self, line: Line, take: Obey) -> None:
        def only_here(message: Message) -> None:
            if self._line is line and not self._first(message):
                take(message)

        line.obey(only_here)

    def _wire_source(self, line: Line, rate: int, pull: Pull, asleep: Asleep) -> None:
        def only_here(n: int) -> Pcm:
            return pull(n) if self._line is line else np.zeros(n, np.int16)

        line.play(rate, only_here, lambda: self._line is not line or asleep())
