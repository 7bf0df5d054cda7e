"""Stage three: who gives what to whom.

The rule: each input takes the nearest node above whose output fits its kind. Where a second candidate exists that does not itself feed the
first, the file must say which. `from:` says so, for single ports or for everything that flows down to the node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from voicegraph.frames import Frame
from voicegraph.graph.complete import Whole
from voicegraph.graph.document import Node
from voicegraph.graph.extends import Draft
from voicegraph.graph.ports import In
from voicegraph.graph.reading import Reader
from voicegraph.graph.registry import Registry
from voicegraph.graph.report import Report, listed
from voicegraph.graph.spec import NodeSpec, Position
from voicegraph.graph.weave import Port, Weave, fits
from voicegraph.graph.wishes import Source, Wishes, WishReader


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A node whose options are right, and the value of its `from:`; then those of its stand-ins, in their order."""

    spec: NodeSpec
    source: Node | None
    stand_ins: tuple[Node | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that was asked for: where its `extends:` stands, what it took out of its base, where its nodes begin."""

    file: str
    extends: Position | None
    removed: Mapping[str, Draft]
    nodes: Position

    def blame(self, node: NodeSpec, others: Sequence[NodeSpec] = (), helpers: Sequence[str] = ()) -> tuple[Position, str]:
        """Where to tell what is wrong with a node's links, and what to add about its own place.

        A node of the base was right there, so the file asked for has broken it: by one of the `others` that have a part in it, or by taking
        away one of `helpers`, the processors that would mend it.
        """
        if self.extends is None or node.position.file == self.file:
            return node.position, ""
        changed = [other.position for other in others]
        taken = [draft.position for draft in self.removed.values() if (use := draft.text("use")) and use.text in helpers]
        guilty = [position for position in (*changed, *taken) if position.file == self.file]
        return (guilty[0] if guilty else self.extends), f" ('{node.name}' is at {node.position.file}:{node.position.line})"


def link(unlinked: Sequence[Unlinked], origin: Origin, reader: Reader, registry: Registry, report: Report) -> tuple[NodeSpec, ...]:
    """The nodes with their links. Mistakes go to the report, and then the result is of no use."""
    weave = Weave([node.spec for node in unlinked])
    linker = _Linker(weave, origin, registry, report)
    removed = {name: draft.position for name, draft in origin.removed.items() if name not in weave.place}
    wishes = WishReader({node.spec.name: node.spec for node in unlinked}, removed, reader, report)
    read = [(node.spec, wishes.read(node.spec, node.source)) for node in unlinked]
    whole = Whole(weave, origin, registry, report)
    if whole.has_its_ends():
        for spec, wish in read:
            linker.link(spec, wish)
        linker.finish()
        whole.check(linker.failed)
    return tuple(map(weave.linked, weave.nodes))


def link_stand_ins(
    nodes: Sequence[NodeSpec], unlinked: Sequence[Unlinked], origin: Origin, reader: Reader, registry: Registry, report: Report
) -> tuple[NodeSpec, ...]:
    """The linked nodes, their stand-ins linked too: each in the place of its node, with the node's own links where it has the same inputs."""
    sources = {node.spec.name: node.stand_ins for node in unlinked}

    def linked(node: NodeSpec, choice: NodeSpec, source: Node | None) -> NodeSpec:
        weave = Weave([choice if each is node else each for each in nodes])
        wishes = WishReader({each.name: each for each in weave.nodes}, {}, reader, report).read(choice, source)
        if wishes is None:
            return choice
        ins = choice.processor.contract.ins
        same = [] if wishes.complete else [each for each in node.links if each.into in ins and each.into not in wishes.ports]
        same = [each for each in same if issubclass(each.kind, ins[each.into].kind)]
        weave.links = [*same, *(each for other in nodes if other is not node for each in other.links)]
        linker = _Linker(weave, origin, registry, report)
        linker.link(choice, replace(wishes, ports={**dict.fromkeys((each.into for each in same), ()), **wishes.ports}))
        linker.finish()
        Whole(weave, origin, registry, report).check_stand_in(choice)
        return weave.linked(choice)

    def chained(choices: Sequence[NodeSpec]) -> NodeSpec:
        return replace(choices[0], otherwise=chained(choices[1:]) if choices[1:] else None)

    return tuple(chained([node, *map(partial(linked, node), node.choices[1:], sources[node.name])]) for node in nodes)


class _Linker:
    """Links node after node, from the top. `failed` are nodes with a mistake: nothing more is said of what hangs on them."""

    def __init__(self, weave: Weave, origin: Origin, registry: Registry, report: Report) -> None:
        self._weave = weave
        self._origin = origin
        self._registry = registry
        self._report = report
        self._upward: list[tuple[NodeSpec, Source]] = []
        self._feedback: list[tuple[NodeSpec, In[Frame], tuple[Source, ...] | None]] = []
        self.failed: set[str] = set()

    def link(self, node: NodeSpec, wishes: Wishes | None) -> None:
        """Everything but feedback, which must wait until the nodes below are linked. `wishes` is None when they could not be read."""
        if wishes is None:
            self.failed.add(node.name)
            return
        before = self._trouble
        ins = node.processor.contract.ins.values()
        self._feedback += [(node, port, wishes.ports.get(port.name)) for port in ins if port.feedback]
        down = [port for port in ins if not port.feedback]
        for port in down:
            for source in wishes.ports.get(port.name, ()):
                self._link_source(node, [port], source)
        if wishes.complete is None:
            self._link_by_rule(node, [port for port in down if port.name not in wishes.ports and not port.named])
        else:
            self._link_complete(node, down, wishes.complete)
        if self._trouble > before:
            self.failed.add(node.name)

    def finish(self) -> None:
        """What needs every link from above."""
        for node, source in self._upward:
            self._report.mistake(source.position, self._upward_sentence(node, source))
        for node, port, sources in self._feedback:
            for source in sources or ():
                self._link_source(node, [port], source)
            if sources is None and not port.named:
                self._link_port(node, port, self._candidates_of_feedback(node, port))

    @property
    def _trouble(self) -> int:
        return len(self._report.mistakes) + len(self._upward)

    # --- what the file says ---

    def _link_complete(self, node: NodeSpec, down: Sequence[In[Frame]], sources: Sequence[Source]) -> None:
        before = self._trouble
        for source in sources:
            self._link_source(node, down, source)
        for port in down if self._trouble == before else ():
            into = self._weave.into(node.name, port.name)
            if len(into) > 1 and not port.many:
                several = listed((f"{link.source}.{link.out}" for link in into), "and")
                self._tell(node, f"'{node.name}.{port.name}' takes one source: {several} are too many")
            elif not into and not port.optional and not self._suspended(node):
                lacks = f"'{node.name}' needs {port.kind.__name__}, and its from: names no source of it"
                self._tell(node, f"{lacks}: add one, or write from: {{port: source}} for single inputs")

    def _link_source(self, node: NodeSpec, ports: Sequence[In[Frame]], source: Source) -> None:
        """One source that the file names, to the one of the ports that it fits."""
        giver = self._weave.node(source.node)
        outs = [out for out in self._weave.ports(giver) if source.out in (None, out.out)]
        unknown = self._is_below(node, source) and _gives_what_it_takes(giver)
        pairs = [(out, port) for port in ports for out in outs if fits(out, port) or (unknown and issubclass(port.kind, out.kind))]
        if not pairs:
            if giver.name not in self.failed or not _gives_what_it_takes(giver):
                self._report.mistake(source.position, self._misfit(node, ports, outs, source))
        elif self._is_below(node, source) and not all(port.feedback for _, port in pairs):
            self._upward.append((node, source))
        elif doubt := _doubt(node, pairs):
            self._report.mistake(source.position, doubt)
        else:
            for out, port in pairs:
                self._weave.add(out, node, port)

    def _is_below(self, node: NodeSpec, source: Source) -> bool:
        return self._weave.place[source.node] > self._weave.place[node.name]

    def _upward_sentence(self, node: NodeSpec, source: Source) -> str:
        if self._weave.reaches(node.name, source.node):
            return f"'{node.name}' and '{source.node}' would feed each other: only feedback, such as playout, comes from below"
        return f"'{source.node}' stands below '{node.name}', and frames flow down: move '{node.name}' below '{source.node}'"

    def _misfit(self, node: NodeSpec, ports: Sequence[In[Frame]], outs: Sequence[Port], source: Source) -> str:
        wanted = _main_ports(ports)
        if not wanted:
            return f"'{node.name}' takes nothing that flows down, so '{source}' cannot go there"
        whom = _label(node, ports[0]) if len(ports) == 1 else node.name
        takes = f"'{whom}' takes {listed(dict.fromkeys(port.kind.__name__ for port in wanted))}"
        if not outs:
            return f"{takes}; '{source}' gives nothing"
        given = _main_outs(outs)
        giver = given[0] if len(given) == 1 else source
        what = f"'{giver}' gives {listed((out.kind.__name__ for out in given), 'and')}"
        bridges = [(name, port) for port in wanted for name in self._registry.between(given[0].kind, port.kind)]
        if not bridges:
            return f"{takes}; {what}"
        names = listed(dict.fromkeys(name for name, _ in bridges))
        return f"{takes}; {what}. {_article(names)} {names} between would make {bridges[0][1].kind.__name__} of it"

    # --- the rule ---

    def _link_by_rule(self, node: NodeSpec, ports: Sequence[In[Frame]]) -> None:
        twins = [port for port in ports if any(other is not port and issubclass(port.kind, other.kind) for other in ports)]
        twins = [port for port in ports if any(port is twin or issubclass(twin.kind, port.kind) for twin in twins)]
        if twins and self._weave.fitting(self._weave.above(node), twins[0]):
            self._tell(node, _two_inputs(node, twins))
            return
        for port in ports:
            self._link_port(node, port, self._weave.fitting(self._weave.above(node), port))

    def _link_port(self, node: NodeSpec, port: In[Frame], candidates: Sequence[Port]) -> None:
        """`candidates`: every output that fits, the nearest first."""
        if not candidates:
            self._nothing_fits(node, port)
        elif port.many:
            for out in candidates:
                if not any(self._weave.feeds(out, other.node) for other in candidates if other is not out):
                    self._weave.add(out, node, port)
        else:
            nearest, *others = candidates
            rivals = [out for out in others if not self._weave.feeds(out, nearest.node)]
            if not rivals:
                self._weave.add(nearest, node, port)
            elif not self._failed_above(node):
                several = [nearest, *rivals]
                several.sort(key=lambda out: self._weave.place[out.node])
                self._tell(node, _ambiguous(node, port, several), [self._weave.node(out.node) for out in several])

    def _candidates_of_feedback(self, node: NodeSpec, port: In[Frame]) -> Sequence[Port]:
        """Below first; one that takes several sources is told by everybody."""
        below = self._fitting_below(node, port)
        above = self._weave.fitting(self._weave.above(node), port)
        return [*below, *above] if port.many else below or above

    def _fitting_below(self, node: NodeSpec, port: In[Frame]) -> list[Port]:
        return [out for later in self._weave.below(node) for out in self._weave.ports(later) if fits(out, port)]

    def _nothing_fits(self, node: NodeSpec, port: In[Frame]) -> None:
        below = self._fitting_below(node, port)
        if self._suspended(node) or (port.optional and not below) or (port.feedback and port.optional):
            return
        label = f"'{_label(node, port)}'"
        if below:
            way_out = f"move '{node.name}' below '{below[0].node}'"
            way_out += f", or say from: {{{port.name}: none}}" if port.optional else ""
            self._tell(node, f"{label} finds nothing above; '{below[0]}' below would fit: {way_out}")
            return
        helpers = self._registry.giving(port.kind)
        would = f" ({listed(helpers)} would)" if helpers else ""
        where = "nothing gives it" if port.feedback else "nothing above gives it"
        self._tell(node, f"{label} needs {port.kind.__name__}, and {where}{would}", helpers=helpers)

    def _suspended(self, node: NodeSpec) -> bool:
        """Whether a node above has failed whose outputs are of no known kind now: what is missing here may be that."""
        return any(_gives_what_it_takes(above) for above in self._weave.above(node) if above.name in self.failed)

    def _failed_above(self, node: NodeSpec) -> bool:
        """Whether candidates may be rivals only because a node that should pass one on to the other has failed."""
        return any(above.name in self.failed for above in self._weave.above(node))

    def _tell(self, node: NodeSpec, sentence: str, others: Sequence[NodeSpec] = (), helpers: Sequence[str] = ()) -> None:
        at, aside = self._origin.blame(node, others, helpers)
        self._report.mistake(at, sentence + aside)


def _gives_what_it_takes(node: NodeSpec) -> bool:
    return any(out.like for out in node.processor.contract.outs.values())


def _label(node: NodeSpec, port: In[Frame]) -> str:
    """The node's name will do for the only input that it cannot do without."""
    only = [each for each in node.processor.contract.ins.values() if not each.feedback and not each.optional]
    return node.name if only == [port] else f"{node.name}.{port.name}"


def _main_ports(ports: Sequence[In[Frame]]) -> list[In[Frame]]:
    """What a node is for: the inputs that it cannot do without, if there are any."""
    return [port for port in ports if not port.optional] or list(ports)


def _main_outs(outs: Sequence[Port]) -> list[Port]:
    """Events aside, where there is anything else."""
    return [out for out in outs if out.kind.__name__ != "Event"] or list(outs)


def _doubt(node: NodeSpec, pairs: Sequence[tuple[Port, In[Frame]]]) -> str | None:
    """A source is clear when each of its outputs fits one input, and each input takes one of them."""
    for out, port in pairs:
        inputs = [other for given, other in pairs if given is out]
        outputs = [given for given, other in pairs if other is port]
        if len(inputs) > 1:
            return _two_inputs(node, inputs)
        if len(outputs) > 1 and not port.many:
            return f"'{out.node}' has two outputs that fit '{_label(node, port)}': say {listed(map(str, outputs))}"
    return None


def _two_inputs(node: NodeSpec, ports: Sequence[In[Frame]]) -> str:
    kind = min((port.kind for port in ports), key=lambda kind: len(kind.__mro__)).__name__
    forms = ", ".join(f"{name}: …" for name in dict.fromkeys(port.name for port in ports))
    return f"'{node.name}' has two inputs for {kind}: name them, from: {{{forms}}}"


def _ambiguous(node: NodeSpec, port: In[Frame], candidates: Sequence[Port]) -> str:
    same = len({out.node for out in candidates}) < len(candidates)
    names = [str(out) if same else out.node for out in candidates]
    return f"'{node.name}.{port.name}' could take {listed(names)}: say which, from: {{{port.name}: {names[0]}}}"


def _article(word: str) -> str:
    return "An" if word[0] in "aeiou" else "A"
