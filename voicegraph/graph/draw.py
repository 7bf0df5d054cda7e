"""A graph as a drawing: pure data, for SVG (`svg.py`), for the page, for anything that can draw boxes and curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from voicegraph.frames import Amend, Frame, HeardAudio, Playback, Playout, ReplyAudio, ReplyText, Turn
from voicegraph.graph.layers import BOX_HEIGHT, Line, Placed, Point, place
from voicegraph.graph.spec import GraphSpec, Link, NodeSpec

MARGIN = 12.0
CHARACTER, SMALL_CHARACTER = 8.2, 6.6
"""Widths to reckon with, of the names and of what stands on the lines: a drawing has no font to measure."""
PADDING = 14.0
NARROWEST = 84.0

Side = Literal["caller", "floor", "reply", "observer"]
_REPLY: tuple[type[Frame], ...] = (Turn, ReplyText, ReplyAudio, Playback, Playout, HeardAudio, Amend)


@dataclass(frozen=True, slots=True)
class Box:
    """A node; x, y: its middle. side: whether it works on the caller's words, on the reply, decides between them, or only watches."""

    name: str
    use: str
    side: Side
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Wire:
    """One link that a curve stands for. rate: Hz of sound, else None."""

    out: str
    into: str
    kind: str
    rate: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """All links from one node to another. path: for the `d` of an SVG path, in the links' direction. label: what it carries, and its middle."""

    source: str
    target: str
    feedback: bool
    wires: tuple[Wire, ...]
    path: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes in flow order from top to bottom; curves above them. Lengths are in CSS pixels, for names in 14 px and labels in 11 px."""

    name: str
    about: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]

    def json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)


def draw(spec: GraphSpec) -> Drawing:
    """Where everything of a checked graph goes. The same graph is always drawn the same."""
    bundles = _bundles(spec)
    lines = [_line(links) for links in bundles]
    placed = place({node.name: _width(node) for node in spec.nodes}, lines)
    boxes = tuple(_box(node, spec, placed) for node in spec.nodes)
    curves = tuple(_curve(links, points, at) for links, (points, at) in zip(bundles, placed.lines, strict=True))
    return Drawing(spec.name, spec.about, _rounded(placed.width + 2 * MARGIN), _rounded(placed.height + 2 * MARGIN), boxes, curves)


def label(links: Sequence[Link]) -> str:
    """What goes from one node to another: the kinds of frames."""
    return ", ".join(dict.fromkeys(link.kind.__name__ for link in links))


def side(node: NodeSpec, spec: GraphSpec) -> Side:
    """Which part of the call the node works on."""
    if node.processor.owns_floor:
        return "floor"
    if node.processor.observer:
        return "observer"
    around = [link for link in spec.links if node.name in (link.source, link.target) and not (link.feedback and link.target == node.name)]
    return "reply" if any(issubclass(link.kind, _REPLY) for link in around) else "caller"


def _bundles(spec: GraphSpec) -> list[list[Link]]:
    """The links by the two nodes that they join."""
    bundles: dict[tuple[str, str], list[Link]] = {}
    for link in spec.links:
        bundles.setdefault((link.source, link.target), []).append(link)
    return list(bundles.values())


def _line(links: Sequence[Link]) -> Line:
    """Feedback is laid out the other way round, so that every line goes down."""
    first, width = links[0], len(label(links)) * SMALL_CHARACTER
    return Line(first.target, first.source, width, low=True) if first.feedback else Line(first.source, first.target, width)


def _width(node: NodeSpec) -> float:
    return max(NARROWEST, len(node.name) * CHARACTER + 2 * PADDING, len(node.use) * SMALL_CHARACTER + 2 * PADDING)


def _box(node: NodeSpec, spec: GraphSpec, placed: Placed) -> Box:
    x, y = placed.boxes[node.name]
    return Box(node.name, node.use, side(node, spec), _rounded(x + MARGIN), _rounded(y + MARGIN), _rounded(_width(node)), BOX_HEIGHT)


def _curve(links: Sequence[Link], points: Sequence[Point], at: Point) -> Curve:
    first = links[0]
    wires = tuple(Wire(link.out, link.into, link.kind.__name__, link.rate) for link in links)
    path = _path([(x + MARGIN, y + MARGIN) for x, y in (reversed(points) if first.feedback else points)])
    return Curve(first.source, first.target, first.feedback, wires, path, label(links), _rounded(at[0] + MARGIN), _rounded(at[1] + MARGIN))


def _path(points: Sequence[Point]) -> str:
    """Curves that leave and arrive upright, so that each passes straight through its waypoints."""
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        path += f" C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}" if abs(to_x - x) > 0.05 else f" L{to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return path


def _rounded(length: float) -> float:
    return round(length, 1)
