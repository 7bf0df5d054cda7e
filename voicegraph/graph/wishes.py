"""What a node says after `from:`: everything that flows down to it, or single ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voicegraph.graph.document import Entry, Fields, Items, Node, Scalar
from voicegraph.graph.ports import In
from voicegraph.graph.reading import Reader
from voicegraph.graph.report import Report, did_you_mean, listed
from voicegraph.graph.spec import NodeSpec, Position


@dataclass(frozen=True, slots=True)
class Source:
    """`agent` or `agent.reply`, checked: the node is there and has that output."""

    node: str
    out: str | None
    position: Position

    def __str__(self) -> str:
        return f"{self.node}.{self.out}" if self.out else self.node


@dataclass(frozen=True, slots=True)
class Wishes:
    """A node's `from:`. Ports that are not in `ports` go by the rule, unless `complete` says that the listed sources are all."""

    complete: tuple[Source, ...] | None = None
    ports: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)


class WishReader:
    """Reads `from:`; what it cannot resolve goes to the report. `removed`: what the file took out of its base, and where it says so."""

    def __init__(self, nodes: Mapping[str, NodeSpec], removed: Mapping[str, Position], reader: Reader, report: Report) -> None:
        self._nodes = nodes
        self._removed = removed
        self._reader = reader
        self._report = report

    def read(self, node: NodeSpec, value: Node | None) -> Wishes | None:
        """None when something in it is wrong."""
        before = len(self._report.mistakes)
        match value:
            case None:
                return Wishes()
            case Scalar() | Items():
                sources = self._sources(node, value)
                wishes = Wishes(complete=sources) if sources is not None else Wishes()
            case Fields():
                wishes = Wishes(ports=self._ports(node, value.entries.values()))
        return wishes if len(self._report.mistakes) == before else None

    def _ports(self, node: NodeSpec, entries: Iterable[Entry]) -> Mapping[str, tuple[Source, ...]]:
        ins = node.processor.contract.ins
        ports: dict[str, tuple[Source, ...]] = {}
        for entry in entries:
            if entry.key not in ins:
                known = f"it has {listed(ins, 'and')}" if ins else "it has none"
                hint = did_you_mean(entry.key, ins) or f": {known}"
                self._report.mistake(entry.position, f"'{node.name}' has no input '{entry.key}'{hint}")
            elif isinstance(entry.value, Fields):
                self._report.mistake(entry.value.position, f"'{node.name}.{entry.key}' takes a source, a list of sources, or none")
            elif (sources := self._sources(node, entry.value)) is not None:
                self._count(node, ins[entry.key], sources, entry.value)
                ports[entry.key] = sources
        return ports

    def _count(self, node: NodeSpec, port: In[Any], sources: tuple[Source, ...], value: Node) -> None:
        if value.written() in ("none", []) and not port.optional:
            self._report.mistake(value.position, f"'{node.name}' cannot do without a source for '{port.name}'")
        if len(sources) > 1 and not port.many:
            self._report.mistake(sources[1].position, f"'{node.name}.{port.name}' takes one source, not {len(sources)}")

    def _sources(self, node: NodeSpec, value: Scalar | Items) -> tuple[Source, ...] | None:
        """None: left out by an empty variable, so the rule holds."""
        if isinstance(value, Scalar):
            return self._source_or_none(node, value)
        return tuple(source for item in value.items for source in self._item(node, item) or ())

    def _item(self, node: NodeSpec, item: Node) -> tuple[Source, ...] | None:
        if isinstance(item, Scalar):
            return self._source_or_none(node, item)
        self._report.mistake(item.position, f"a source of '{node.name}' is a node, or node.output")
        return None

    def _source_or_none(self, node: NodeSpec, scalar: Scalar) -> tuple[Source, ...] | None:
        if scalar.text == "none":
            return ()
        if scalar.null:
            self._report.mistake(scalar.position, "from: names a source; write none where there is to be no link")
            return None
        text = self._reader.text(scalar)
        source = self._resolve(node, text, scalar) if text else None
        return (source,) if source else None

    def _resolve(self, node: NodeSpec, text: str, scalar: Scalar) -> Source | None:
        at = scalar.position
        name, dot, out = text.partition(".")
        if text != scalar.text and name not in self._nodes:
            self._report.mistake(at, f"there is no node that {scalar.text} would stand for")
            return None
        if name not in self._nodes:
            if name in self._removed:
                here = self._removed[name]
                where = f" ({at.file}:{at.line})" if at.file != here.file else ""
                self._report.mistake(here, f"'{name}' is removed here, and '{node.name}' takes from it{where}: give '{node.name}' another from:")
            else:
                self._report.mistake(at, f"there is no node '{name}'{did_you_mean(name, self._nodes)}")
            return None
        if name == node.name:
            self._report.mistake(at, f"'{name}' cannot take from itself")
            return None
        outs = self._nodes[name].processor.contract.outs
        if dot and out not in outs:
            has = did_you_mean(out, outs) or (f": it has {listed(outs, 'and')}" if outs else ": it has none")
            self._report.mistake(at, f"'{name}' has no output '{out}'{has}")
            return None
        return Source(name, out if dot else None, at)
