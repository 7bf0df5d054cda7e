"""What must hold of a linked graph as a whole: the reply is heard, guards are not passed by, rates agree, the caller's ends are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from voicegraph.frames import CallerAudio, Frame, Playback, ReplyAudio, ReplyText, Turn
from voicegraph.graph.processor import Processor
from voicegraph.graph.registry import Registry
from voicegraph.graph.report import Report, listed
from voicegraph.graph.spec import Link, NodeSpec, Position
from voicegraph.graph.weave import Port, Weave

_LOST: dict[type[Frame], str] = {
    Turn: "these turns would never be answered",
    ReplyText: "these words would never be spoken",
    ReplyAudio: "this sound would never be played",
    Playback: "the caller would hear nothing",
}
"""The kinds that somebody other than an observer must hear, and what happens when nobody does."""


class Blame(Protocol):
    """Where mistakes are told; `linking.Origin`."""

    @property
    def extends(self) -> Position | None: ...
    @property
    def nodes(self) -> Position: ...
    def blame(self, node: NodeSpec, others: Sequence[NodeSpec] = (), helpers: Sequence[str] = ()) -> tuple[Position, str]: ...


class Whole:
    """A graph as a whole, before and after it is linked."""

    def __init__(self, weave: Weave, origin: Blame, registry: Registry, report: Report) -> None:
        self._weave = weave
        self._origin = origin
        self._registry = registry
        self._report = report

    def has_its_ends(self) -> bool:
        """Whether the nodes are there that every call has once: without them the links would only tell the same at many places."""
        before = len(self._report.mistakes)
        self._check_ends()
        self._check_floor()
        return len(self._report.mistakes) == before

    def check(self, failed: Collection[str]) -> None:
        """Nodes in `failed` have their mistake already; what is only missing because of them is not told again."""
        self._check_rates(self._weave.links)
        if not self._check_guards() and not failed:
            self._check_heard()
        if not self._report.mistakes:
            self._check_processors(self._weave.nodes)

    def _check_ends(self) -> None:
        answers = any(_answers(node.processor) for node in self._weave.nodes)
        for is_end, lack, needed in (
            (_is_way_in, "nothing would be heard of the caller", True),
            (_is_way_out, "the caller would hear nothing", answers),  # a graph that only listens (captions, records) needs none
        ):
            ends = [node for node in self._weave.nodes if is_end(node.processor)]
            if needed and not ends:
                names = [name for name, cls in self._registry.catalogue.items() if is_end(cls)]
                self._report.mistake(self._origin.extends or self._origin.nodes, f"the graph has no {listed(names)}: {lack}")
            for second in ends[1:]:
                self._tell(second, f"'{second.name}' is a second {second.use}, and a call has one: '{ends[0].name}'")

    def _check_floor(self) -> None:
        floors = [node for node in self._weave.nodes if node.processor.owns_floor]
        for second in floors[1:]:
            self._tell(second, f"'{floors[0].name}' and '{second.name}' would both decide who has the floor: keep one of them")

    def check_stand_in(self, node: NodeSpec) -> None:
        """What concerns this node alone, which stands in the place of another."""
        self._check_rates([link for link in self._weave.links if link.target == node.name])
        if not self._report.mistakes:
            self._check_processors([node])

    def _check_rates(self, links: Sequence[Link]) -> None:
        for link in links:
            rates = self._weave.node(link.target).processor.contract.ins[link.into].rates
            if rates and link.rate is not None and link.rate not in rates and not self._is_makeshift(link):
                source = self._weave.node(link.source)
                takes = f"'{link.target}' takes {listed(map(str, rates))} Hz; '{link.source}.{link.out}' gives {link.rate}"
                self._tell(self._weave.node(link.target), f"{takes}: {_right_rate(source, link, rates)}", [source])

    def _is_makeshift(self, link: Link) -> bool:
        """Whether a node between, which would give what it takes, could not be linked: with it the link might be another one."""
        between = self._weave.nodes[self._weave.place[link.source] + 1 : self._weave.place[link.target]]
        linked = {each.target for each in self._weave.links}
        return any(node.name not in linked and any(out.like for out in node.processor.contract.outs.values()) for node in between)

    def _check_guards(self) -> bool:
        """Whether any is passed by."""
        before = len(self._report.mistakes)
        for guard in self._weave.nodes:
            for port in guard.processor.contract.ins.values():
                for watched in self._weave.into(guard.name, port.name) if port.exclusive else ():
                    for link in self._weave.listeners(watched.source, watched.out):
                        if link.target != guard.name:
                            self._passes(link, guard)
        return len(self._report.mistakes) > before

    def _passes(self, link: Link, guard: NodeSpec) -> None:
        above = self._weave.place[guard.name] < self._weave.place[link.target]
        way_out = f"take it from '{guard.name}'" if above else f"move '{link.target}' below '{guard.name}'"
        sentence = f"'{link.target}' takes '{link.source}.{link.out}' past '{guard.name}', which must see it first: {way_out}"
        self._tell(self._weave.node(link.target), sentence, [guard])

    def _check_heard(self) -> None:
        for node in self._weave.nodes:
            unheard = [out for out in self._weave.ports(node) if self._must_be_heard(out) and not self._heard(out)]
            for out in unheard:
                helpers = self._registry.taking(out.kind)
                self._tell(node, f"nobody hears '{out}': {_lost(out)}{self._way_out(node, out, helpers)}", helpers=helpers)
            outs = list(self._weave.ports(node))
            if outs and not unheard and not _is_way_out(node.processor) and not any(self._weave.listeners(out.node, out.out) for out in outs):
                main = outs[0]
                helpers = self._registry.taking(main.kind)
                self._tell(node, f"nobody hears '{main}': '{node.name}' would work for nothing{self._way_out(node, main, helpers)}", helpers=helpers)

    def _must_be_heard(self, out: Port) -> bool:
        return any(issubclass(out.kind, kind) for kind in _LOST)

    def _heard(self, out: Port) -> bool:
        return any(not self._weave.node(link.target).processor.observer for link in self._weave.listeners(out.node, out.out))

    def _way_out(self, node: NodeSpec, out: Port, helpers: Sequence[str]) -> str:
        taker = next((link for link in self._weave.links if self._would_take(link, out, node)), None)
        if taker is None:
            return f". Add {listed(helpers)} below it" if helpers else ""
        above = self._weave.place[taker.target] < self._weave.place[node.name]
        if not above:
            return f". '{taker.target}' takes '{taker.source}.{taker.out}': say from: {node.name}, or remove '{node.name}'"
        if self._origin.extends is None:
            return f". It stands below '{taker.target}': move it above"
        end = "at the end, " if node is self._weave.nodes[-1] else ""
        return f". It stands {end}below '{taker.target}': add after: {taker.source}"

    def _would_take(self, link: Link, out: Port, node: NodeSpec) -> bool:
        target = self._weave.node(link.target)
        return target is not node and not target.processor.observer and issubclass(out.kind, target.processor.contract.ins[link.into].kind)

    def _check_processors(self, nodes: Sequence[NodeSpec]) -> None:
        for node in nodes:
            check: Callable[[NodeSpec], Sequence[str]] = node.processor.check
            notes: Callable[[NodeSpec, Sequence[NodeSpec]], Sequence[tuple[Position, str]]] = node.processor.notes
            try:
                sentences = check(self._weave.linked(node))
                for at, note in notes(node, nodes):
                    self._report.note(at, note)
            # Somebody's own check: what it raises is told at its node.
            except Exception as problem:  # noqa: BLE001
                sentences = [f"the check of '{node.name}' failed: {type(problem).__name__}: {problem}"]
            for sentence in sentences:
                self._tell(node, sentence)

    def _tell(self, node: NodeSpec, sentence: str, others: Sequence[NodeSpec] = (), helpers: Sequence[str] = ()) -> None:
        at, aside = self._origin.blame(node, others, helpers)
        self._report.mistake(at, sentence + aside)


def _right_rate(source: NodeSpec, link: Link, rates: Sequence[int]) -> str:
    nearest = min(rates, key=lambda rate: abs(rate - (link.rate or 0)))
    setting = source.processor.contract.outs[link.out].rate
    if isinstance(setting, str) and setting not in source.processor.contract.ins:
        return f"write {setting}: {nearest} at '{source.name}'"
    return f"put a resampler between them, {{use: resampler, rate: {nearest}}}"


def _lost(out: Port) -> str:
    return next(loss for kind, loss in _LOST.items() if issubclass(out.kind, kind))


def _answers(processor: type[Processor]) -> bool:
    """Whether it makes something that the caller is to hear in the end."""
    return any(issubclass(out.kind, kind) for out in processor.contract.outs.values() for kind in _LOST)


def _is_way_in(processor: type[Processor]) -> bool:
    """Where a call comes in: it gives the caller's sound out of nothing."""
    contract = processor.contract
    return not contract.ins and any(issubclass(out.kind, CallerAudio) for out in contract.outs.values())


def _is_way_out(processor: type[Processor]) -> bool:
    """Where a call goes out: it plays."""
    return any(issubclass(port.kind, Playback) for port in processor.contract.ins.values())
