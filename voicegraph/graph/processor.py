"""The base class of everything that stands in a graph, and the contract that its class body declares."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, get_type_hints

from voicegraph.core.kinds import Gate as Gate
from voicegraph.errors import ContractError
from voicegraph.graph.line import Line
from voicegraph.graph.ports import In, Inlet, Out, Outlet
from voicegraph.graph.settings import STRUCTURE, Settings

if TYPE_CHECKING:
    from voicegraph.graph.spec import NodeSpec, Position


class Shared(Protocol):
    """A resource of the process, such as a client with its connections."""

    async def close(self) -> None:
        """Give everything back."""


S = TypeVar("S", bound=Shared)

START_LIMIT = 10.0
"""Seconds that a call's nodes have to open what they need."""


class Share(Protocol):
    """`Call.shared`, for where there is no call."""

    def __call__(self, make: Callable[[], S]) -> S: ...


class Replies(Protocol):
    """The life of replies. For the one node that owns the floor; every method takes effect at once, without an await in between."""

    @property
    def dropped_for(self) -> str:
        """Why the last reply was dropped; a node may ask while it resets."""

    @property
    def firsts(self) -> Mapping[str, float]:
        """When each output port (`node.port`) gave its first frame of the live reply: where the time to an answer went."""

    @property
    def unsettled(self) -> int | None:
        """The confirmed reply whose Heard has not arrived yet."""

    @property
    def busy(self) -> bool:
        """Whether something is being done for the live reply that may take its time: that it falls silent meanwhile is no failure."""

    @property
    def committed(self) -> bool:
        """Whether something may have been done for the live reply that cannot be taken back (`Call.commit`)."""

    def work(self, epoch: int) -> AbstractContextManager[None]:
        """For any node: around such a thing, as a tool is."""

    def begin(self) -> int:
        """A new reply, unconfirmed. Requires that none is live and that the last one's Heard has arrived."""

    def confirm(self) -> None:
        """The live reply may be heard, seen and have effects; frames held at `confirmed` ports go on, in order."""

    def drop(self, why: str) -> None:
        """The live reply is over: its frames, handlers and state are gone from every node when this returns. Without effect when none is live."""

    def settle(self, reply: int) -> None:
        """The Heard of this reply has arrived: the next one may begin."""

    def gate(self, gate: Gate) -> None:
        """Duck, pause or restore the live reply at the caller. A new reply starts open."""


class Call(Protocol):
    """A running graph, as its processors see it."""

    @property
    def id(self) -> str:
        """The call's name in paths, logs and records."""

    @property
    def line(self) -> Line:
        """The caller's end."""

    @property
    def replies(self) -> Replies:
        """For the floor's owner."""

    @property
    def resumed(self) -> int:
        """How many exchanges of an earlier call this one goes on from; 0 for a new conversation."""

    @property
    def has_floor(self) -> bool:
        """Whether a node of this graph owns the floor: then whatever goes to the caller belongs to a reply."""

    def now(self) -> float:
        """The event loop's clock, in seconds."""

    def alive(self, epoch: int | None) -> bool:
        """Whether frames of this epoch still matter. None is the caller's side: alive until the call ends."""

    async def commit(self, epoch: int) -> None:
        """Wait until the reply is confirmed: before any effect that cannot be taken back. Cancelled when it is dropped instead.

        From then on its words count as answered, as if it had begun to sound: nothing asks for the effect again."""

    def spawn(self, work: Coroutine[Any, Any, None], processor: Processor) -> asyncio.Task[None]:
        """A task that lives as long as the call, unless it ends by itself. What it raises is treated like a handler's exception."""

    def fail(self, problem: BaseException, processor: Processor, epoch: int | None = None) -> None:
        """Report a failure from a callback, as if a handler had raised it: ReplyFailed ends the live reply, anything else the call."""

    def end(self, reason: str) -> None:
        """End the call; returns at once."""

    def released(self) -> None:
        """A node has room again after `full()` was True."""

    def shared(self, make: Callable[[], S]) -> S:
        """The one instance of a resource that all calls of this process use (a client, an engine): made on first use, closed with the process."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a processor stands: made by the session, one per node and call."""

    name: str
    settings: Any
    call: Call
    inlets: Mapping[str, Inlet]
    outlets: Mapping[str, Outlet[Any]]
    replaceable: bool = False
    """Whether another processor would take over: then it is better to fail soon than to try for long."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a processor class declares, collected when the class is made."""

    ins: Mapping[str, In[Any]]
    outs: Mapping[str, Out[Any]]
    settings: type[Settings]
    queued: frozenset[str]
    """Input ports whose handler is `async def`."""


class Processor:
    """One kind of node. Declare ports and settings in the class body, write a handler `on_<port>` per input:

        class Shout(Processor):
            \"\"\"Say everything in capitals.  `shout: {use: shout}`\"\"\"
            words = In(ReplyText)
            loud = Out(ReplyText)

            def on_words(self, text: ReplyText) -> None:
                self.loud.send(replace(text, text=text.text.upper()))

    A processor with options annotates `settings: MySettings` (a subclass of `Settings`).
    """

    contract: ClassVar[Contract]
    observer: ClassVar[bool] = False
    """Only watches: a graph is not complete because an observer listens."""
    needs: ClassVar[Mapping[str, str]] = {}
    """Modules that it imports when a call starts and the default install lacks, with the extra that brings each: `{"pocketsphinx": "local"}`."""
    virtual_time: ClassVar[bool] = False
    """It waits for nothing but the event loop: for its time, for threads that do work, and within `clock.outside()` for processes. A graph of such
    nodes can run faster than the clock on the wall (`voicegraph run`)."""
    owns_floor: ClassVar[bool] = False
    """Begins and ends replies. At most one node of a graph does."""

    longest_silence: float = 3.0
    """Seconds for which it may owe something and be silent, where a stand-in waits to take over: less than the floor's patience with a reply."""

    settings: Settings

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.contract = _contract_of(cls)

    def __init__(self, place: Place) -> None:
        self.place = place
        self.settings = place.settings
        self.call = place.call

    @property
    def name(self) -> str:
        return self.place.name

    def remembered(self) -> Sequence[Any]:
        """What another call should go on from should this one be lost: JSON-ready entries, one per exchange with the caller, the oldest first
        (they are dropped first when there are too many). Asked whenever a reply has been settled."""
        return ()

    def remember(self, entries: Sequence[Any]) -> None:
        """Go on from what `remembered` gave in an earlier call, or the later part of it; or from what another agent remembered, in whose place this
        one works from now on. Called before the first frame, if at all. Raise ValueError when these are no entries of this node's: the graph may have
        been changed meanwhile."""
        raise ValueError("it remembers nothing")

    async def start(self) -> None:
        """Open what the node needs, before any frame arrives, beside the other nodes' start. Raise CallFailed with a sentence if it can't be had."""

    async def run(self) -> None:
        """Work that goes on for the whole call, beside the handlers. Starts when every node has started."""

    def reset(self, epoch: int) -> None:
        """The reply is over: forget everything kept for it. Called inside drop, from the bottom of the graph up; must not wait."""

    def gate(self, gate: Gate) -> None:
        """The floor ducked, paused or restored the reply. For nodes that make it audible."""

    def full(self) -> bool:
        """Whether senders should wait before making more: `room()` asks. Call `self.call.released()` when it turns False."""
        return False

    def committed(self) -> None:
        """The live reply is about to have an effect that cannot be taken back: what it answers must not be asked again. Only the floor's owner is
        told."""

    def working(self, on: bool) -> None:
        """Something is being done for the live reply that may take its time, such as a tool (`Replies.work`), or it has been done. Only the floor's
        owner is told."""

    def failed(self, sentence: str) -> None:
        """The live reply could not be made. Only the floor's owner is told; it drops the reply."""

    async def close(self) -> None:
        """Give back what start opened. Runs once, also after a failed start; bounded by the session."""

    @classmethod
    async def warm(cls, settings: Any, share: Share) -> None:
        """Do what the first call would wait for: import, connect, load a model. Runs once, when the server has started; what fails here is told
        to the caller who meets it."""
        await settings.warm(share)

    @classmethod
    def check(cls, node: NodeSpec) -> Sequence[str]:  # noqa: ARG003
        """Mistakes that only this processor knows of its settings and links, one sentence each. `node` is linked already."""
        return ()

    @classmethod
    def notes(cls, node: NodeSpec, nodes: Sequence[NodeSpec]) -> Sequence[tuple[Position, str]]:  # noqa: ARG003
        """What is no mistake and hardly meant, as places and sentences: `voicegraph check` mentions it. `nodes`: all of the graph."""
        return ()


def _contract_of(cls: type[Processor]) -> Contract:
    ins: dict[str, In[Any]] = {}
    outs: dict[str, Out[Any]] = {}
    for base in reversed(cls.__mro__):
        for value in vars(base).values():
            if type(value) is In:
                ins[value.name] = value
            elif type(value) is Out:
                outs[value.name] = value
    queued = frozenset(name for name in ins if _is_queued(cls, name))
    for out in outs.values():
        if out.like is not None and out.like not in ins:
            raise ContractError(f"{cls.__name__}.{out.name} is like '{out.like}', which is no input of it")
    return Contract(ins=ins, outs=outs, settings=_settings_of(cls), queued=queued)


def _settings_of(cls: type[Processor]) -> type[Settings]:
    """The class that `settings` is annotated with. Other annotations are left alone: they may name what is imported for the type checker only."""
    base = next(each for each in cls.__mro__ if "settings" in inspect.get_annotations(each))
    alone = type(cls.__name__, (), {"__module__": base.__module__, "__annotations__": {"settings": inspect.get_annotations(base)["settings"]}})
    settings = get_type_hints(alone)["settings"]
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise ContractError(f"{cls.__name__}.settings must be annotated with a subclass of Settings")
    if hidden := [name for name in settings.model_fields if name in STRUCTURE]:
        raise ContractError(f"{cls.__name__} cannot have an option '{hidden[0]}': in a file that is a key of the node itself")
    return settings


def _is_queued(cls: type[Processor], port: str) -> bool:
    handler = getattr(cls, f"on_{port}", None)
    where = f"{cls.__name__}.on_{port}"
    if handler is None:
        raise ContractError(f"{cls.__name__} declares the input '{port}' and has no method on_{port}")
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise ContractError(f"{where} contains a yield: called as a handler it would do nothing; send() what it makes")
    parameters = [p for p in inspect.signature(handler).parameters.values() if p.default is p.empty]
    if len(parameters) != 2:
        raise ContractError(f"{where} must take exactly the frame (and self)")
    return inspect.iscoroutinefunction(handler)
