"""A checked graph: what `load` gives and `session` runs. Plain data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicegraph.errors import Mistake
from voicegraph.frames import Frame
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a graph file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Link:
    """Frames go from one node's output to another's input. `rate` in Hz for audio, else None. `feedback`: the source stands below."""

    source: str
    out: str
    target: str
    into: str
    kind: type[Frame]
    rate: int | None = None
    feedback: bool = False


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node: its name, its processor (`use` as written), its checked settings, and the options as written (without the environment's values)."""

    name: str
    use: str
    processor: type[Processor]
    settings: Settings
    position: Position
    written: Mapping[str, object] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    """The links that end at this node."""
    places: Mapping[str, Position] = field(default_factory=dict)
    """Where each option that is written stands, those in mappings too: `speaking.duck`."""
    otherwise: NodeSpec | None = None
    """The stand-in for when its provider is down: same name and outputs, another processor, and the links that this one wants."""

    @property
    def choices(self) -> tuple[NodeSpec, ...]:
        """The node as it is wanted, its stand-in, the stand-in of that, and so on."""
        return (self, *(self.otherwise.choices if self.otherwise is not None else ()))


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """A whole graph, nodes in file order, ready to run."""

    name: str
    file: Path
    about: str
    nodes: tuple[NodeSpec, ...]
    files: tuple[Path, ...] = ()
    """Every file it was read from, its own first, Python files included."""
    version: str = ""
    """Stands for the contents of those files: the same text everywhere is the same version."""
    allow: Mapping[str, object] = field(default_factory=dict)
    """What a client may set for its session: `node.option`, and the limits as written."""
    notes: tuple[Mistake, ...] = ()
    """What `check` mentions and no call fails on, such as a key that is not set."""

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(link for node in self.nodes for link in node.links)

    def node(self, name: str) -> NodeSpec:
        return next(node for node in self.nodes if node.name == name)
