"""The links of a graph while they are being made: who gives what to whom, and who feeds whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicegraph.frames import Frame
from voicegraph.graph.ports import In, Out
from voicegraph.graph.spec import Link, NodeSpec


@dataclass(frozen=True, slots=True)
class Port:
    """An output of a node, and the kind that it gives here."""

    node: str
    out: str
    kind: type[Frame]

    def __str__(self) -> str:
        return f"{self.node}.{self.out}"


class Weave:
    """Nodes in file order and the links so far."""

    def __init__(self, nodes: Sequence[NodeSpec]) -> None:
        self.nodes = nodes
        self.place = {node.name: place for place, node in enumerate(nodes)}
        self.links: list[Link] = []

    def node(self, name: str) -> NodeSpec:
        return self.nodes[self.place[name]]

    def linked(self, node: NodeSpec) -> NodeSpec:
        """The node with the links that end at it."""
        return replace(node, links=tuple(link for link in self.links if link.target == node.name))

    def add(self, source: Port, target: NodeSpec, port: In[Frame]) -> Link:
        link = Link(source.node, source.out, target.name, port.name, source.kind, self.rate(source), port.feedback)
        self.links.append(link)
        return link

    def into(self, node: str, port: str) -> list[Link]:
        return [link for link in self.links if (link.target, link.into) == (node, port)]

    def listeners(self, source: str, out: str) -> list[Link]:
        return [link for link in self.links if (link.source, link.out) == (source, out)]

    def ports(self, node: NodeSpec) -> Iterator[Port]:
        """The node's outputs, in the order in which its class declares them."""
        for out in node.processor.contract.outs.values():
            yield Port(node.name, out.name, self._kind(node, out))

    def fitting(self, nodes: Sequence[NodeSpec], port: In[Frame]) -> list[Port]:
        """The outputs of these nodes that an input can take, the last one first."""
        return [out for node in reversed(nodes) for out in self.ports(node) if fits(out, port)]

    def above(self, node: NodeSpec) -> Sequence[NodeSpec]:
        return self.nodes[: self.place[node.name]]

    def below(self, node: NodeSpec) -> Sequence[NodeSpec]:
        return self.nodes[self.place[node.name] + 1 :]

    def feeds(self, source: Port, target: str) -> bool:
        """Whether what leaves by this output reaches the target, through any nodes in between."""
        return target in self._reached(self.listeners(source.node, source.out))

    def reaches(self, source: str, target: str) -> bool:
        """Whether anything that leaves a node reaches the target."""
        return source == target or target in self._reached([link for link in self.links if link.source == source])

    def _reached(self, links: Sequence[Link]) -> set[str]:
        reached: set[str] = set()
        ahead = [link.target for link in links if not link.feedback]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += [link.target for link in self.links if link.source == name and not link.feedback]
        return reached

    def _kind(self, node: NodeSpec, out: Out[Frame]) -> type[Frame]:
        sources = self.into(node.name, out.like) if out.like else []
        return sources[0].kind if sources else out.kind

    def rate(self, source: Port) -> int | None:
        """Hz of an output: a number, a setting's, or that of the input which it keeps. None for what is no sound, or when that is not known."""
        node = self.node(source.node)
        rate = node.processor.contract.outs[source.out].rate
        if not isinstance(rate, str):
            return rate
        if rate in node.processor.contract.ins:
            return next((link.rate for link in self.into(node.name, rate)), None)
        value = getattr(node.settings, rate, None)
        return value if isinstance(value, int) else None


def fits(out: Port, port: In[Frame]) -> bool:
    return issubclass(out.kind, port.kind)
