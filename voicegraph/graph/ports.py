"""The sockets of a processor: `In` and `Out`, declared in its class body, bound to links when a call starts."""

from __future__ import annotations

from typing import Any, Generic, Literal, Protocol, TypeVar, overload

from voicegraph.frames import Frame

F = TypeVar("F", bound=Frame)
Full = Literal["wait", "oldest"]


class Inlet(Protocol):
    """An input port of a running node."""

    @property
    def linked(self) -> bool:
        """Whether anything feeds this port."""

    @property
    def rate(self) -> int:
        """Hz of the audio that arrives here, known before the first frame. LookupError where the kind is not audio or nothing is linked."""


class Outlet(Protocol[F]):  # type: ignore[misc]  # F is used as an argument only; Protocol would want it contravariant
    """An output port of a running node."""

    @property
    def linked(self) -> bool:
        """Whether anybody listens."""

    def send(self, frame: F) -> bool:
        """Hand the frame to every listener. Never raises, never waits. False: the frame's reply is over, or the call is; stop making more of it."""

    async def room(self, epoch: int | None) -> bool:
        """Wait until every listener can take more, then say whether the reply is still alive; always yields to the loop once.

        Ask before asking a provider for more."""


class In(Generic[F]):
    """An input port. Frames go to the method `on_<port>`: `def` runs inline in the sender, `async def` from the node's inbox, one at a time.

    kind: the class of frame; a subclass fits too. rates: for audio, the Hz that it can take (None: any).
    optional: the graph is complete without it. many: takes several sources. feedback: takes its source from below, links itself.
    named: is linked only where the file says `from: {port: …}`. exclusive: its source may have no other listener (a guard sees all first).
    confirmed: frames of a reply that is still speculative wait until it is confirmed, or vanish with it.
    size, full: for `async def` handlers, how many frames `room()` lets wait; what happens beyond: `wait` (senders ask `room()`; 16 times the size
    ends the call and names the sender) or `oldest` (the oldest is dropped and counted).
    """

    def __init__(
        self,
        kind: type[F],
        *,
        optional: bool = False,
        many: bool = False,
        feedback: bool = False,
        named: bool = False,
        exclusive: bool = False,
        confirmed: bool = False,
        rates: tuple[int, ...] | None = None,
        size: int = 256,
        full: Full = "wait",
    ) -> None:
        self.kind = kind
        self.optional = optional
        self.many = many
        self.feedback = feedback
        self.named = named
        self.exclusive = exclusive
        self.confirmed = confirmed
        self.rates = rates
        self.size = size
        self.full = full
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    @overload
    def __get__(self, instance: None, owner: type) -> In[F]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> Inlet: ...
    def __get__(self, instance: Any, owner: type) -> In[F] | Inlet:
        if instance is None:
            return self
        inlet: Inlet = instance.place.inlets[self.name]
        return inlet


class Out(Generic[F]):
    """An output port: `self.<port>.send(frame)`.

    rate: for audio, the Hz that it gives: a number, the name of a setting, or the name of an audio input whose rate it keeps.
    like: the name of an input whose kind it keeps (the resampler gives the side that it takes). name: where an input has the same name.
    """

    def __init__(self, kind: type[F], *, rate: int | str | None = None, like: str | None = None, name: str = "") -> None:
        self.kind = kind
        self.rate = rate
        self.like = like
        self.name = name

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    @overload
    def __get__(self, instance: None, owner: type) -> Out[F]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> Outlet[F]: ...
    def __get__(self, instance: Any, owner: type) -> Out[F] | Outlet[F]:
        if instance is None:
            return self
        outlet: Outlet[F] = instance.place.outlets[self.name]
        return outlet
