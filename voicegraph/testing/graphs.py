"""Small graphs made in Python, of processors that a test has just written: no file, no linking rule.

spec = graph(Part("source", Source), Part("shout", Shout, "source.words"), Part("sink", Sink, "shout.loud>words"))
async with running(spec) as session: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from voicegraph.frames import Audio
from voicegraph.graph.host import Host
from voicegraph.graph.line import Line
from voicegraph.graph.processor import Processor
from voicegraph.graph.session import Session
from voicegraph.graph.settings import WRITTEN
from voicegraph.graph.spec import GraphSpec, Link, NodeSpec, Position
from voicegraph.testing.runner import FakeLine

P = TypeVar("P", bound=Processor)


@dataclass(frozen=True, slots=True)
class Part:
    """One node. `sources`: `node.output>input` for each link that ends here, separated by spaces; `>input` may be left out where it has the name of
    the output. options: as in YAML."""

    name: str
    processor: type[Processor]
    sources: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def graph(*parts: Part, rate: int | None = None) -> GraphSpec:
    """A graph of these nodes, in file order. A link from a node below is feedback. rate: Hz of all audio."""
    order = [part.name for part in parts]
    here = Position("test.yaml", 1, 1)
    specs = []
    for part in parts:
        contract = part.processor.contract
        links = []
        for source in part.sources.split():
            node, _, port = source.partition(".")
            out, _, into = port.partition(">")
            kind = contract.ins[into or out].kind
            audio = rate if issubclass(kind, Audio) or out == "playback" else None
            links.append(Link(node, out, part.name, into or out, kind, rate=audio, feedback=order.index(node) > order.index(part.name)))
        settings = contract.settings.model_validate(part.options, context=WRITTEN)
        specs.append(NodeSpec(part.name, part.processor.__name__, part.processor, settings, here, links=tuple(links)))
    return GraphSpec("test", Path(here.file), "A graph of a test.", tuple(specs))


@asynccontextmanager
async def running(spec: GraphSpec, line: Line | None = None) -> AsyncIterator[Session]:
    """A session of the graph that is started, and closed at the end."""
    session = Session(spec, line if line is not None else FakeLine(), id="test", host=Host())
    await session.start()
    try:
        yield session
    finally:
        await session.close("the test is over")


def processor(session: Session, kind: type[P]) -> P:
    """The session's processor of this class."""
    return next(node.processor for node in session.nodes if isinstance(node.processor, kind))
