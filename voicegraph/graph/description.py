"""A checked graph as data for a page or a tool: its nodes with their ports, its links, and how to draw it."""

from __future__ import annotations

import re
from typing import Any

from voicegraph.graph.draw import draw
from voicegraph.graph.spec import GraphSpec, Link, NodeSpec

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


def describe(spec: GraphSpec, *, settings: bool = False) -> dict[str, Any]:
    """JSON-ready; docs/protocol.md, `GET /graphs/{name}`, has the fields. settings: with every node's options as `check --verbose` shows them."""
    return {
        "name": spec.name,
        "about": spec.about,
        "nodes": [_node(node) | ({"settings": settings_of(node)} if settings else {}) for node in spec.nodes],
        "links": [_link(link) for link in spec.links],
        "drawing": draw(spec).json(),
    }


def _node(node: NodeSpec) -> dict[str, Any]:
    contract = node.processor.contract
    linked = {link.into for link in node.links}
    return {
        "name": node.name,
        "use": node.use,
        "about": first_sentence(node.processor.__doc__ or ""),
        "observer": node.processor.observer,
        "floor": node.processor.owns_floor,
        "inputs": [{"name": name, "kind": port.kind.__name__, "linked": name in linked} for name, port in contract.ins.items()],
        "outputs": [{"name": name, "kind": port.kind.__name__} for name, port in contract.outs.items()],
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "source": link.source,
        "out": link.out,
        "target": link.target,
        "into": link.into,
        "kind": link.kind.__name__,
        "rate": link.rate,
        "feedback": link.feedback,
    }


def settings_of(node: NodeSpec) -> list[dict[str, Any]]:
    """Every option with what is in effect: as written, so that nothing of the environment shows; else the default."""
    return [
        {"name": name, "value": node.written.get(name, value), "written": name in node.written} for name, value in node.settings.effective().items()
    ]


def first_sentence(text: str) -> str:
    """Of a docstring, on one line."""
    paragraph = " ".join(text.strip().partition("\n\n")[0].split())
    found = _SENTENCE.match(paragraph)
    return found[1] if found else paragraph
