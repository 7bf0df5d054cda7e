"""A drawing as an SVG file of its own: readable on light and dark paper, in a browser, in a README and in a viewer without either."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from voicegraph.graph.draw import Box, Curve, Drawing

_STYLE = """\
    .paper { fill: #ffffff } .name { font-size: 14px; font-weight: 600; fill: #1c1b19 } .use { font-size: 11px; fill: #5c5a54 }
    .caller { fill: #e8f1fb; stroke: #5f8fc4 } .floor { fill: #fff3dc; stroke: #b98a2e }
    .reply { fill: #e6f5ec; stroke: #56996f } .observer { fill: #f2f1ee; stroke: #85827a; stroke-dasharray: 2 3 }
    .curve { fill: none; stroke: #6b6963; stroke-width: 1.4; marker-end: url(#tip) }
    .feedback { stroke: #96660d; stroke-dasharray: 5 4; marker-end: url(#back) }
    .tip { fill: #6b6963 } .back { fill: #96660d } .kind { font-size: 11px; fill: #4b4943; stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #131413 } .name { fill: #ecebe6 } .use { fill: #b6b4ad } .kind { fill: #c6c4bd; stroke: #131413 }
      .caller { fill: #152536; stroke: #6fa0d6 } .floor { fill: #33290f; stroke: #d2a64a } .reply { fill: #14301f; stroke: #67b384 }
      .observer { fill: #1f201f; stroke: #8d8b84 } .curve { stroke: #a8a69f }
      .feedback { stroke: #d2a64a } .tip { fill: #a8a69f } .back { fill: #d2a64a }
    }"""

_TIPS = "".join(
    f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6.5" markerHeight="6.5" orient="auto">'
    f'<path class="{name}" d="M0 0.5 8 4 0 7.5z"/></marker>'
    for name in ("tip", "back")
)


def svg(drawing: Drawing) -> str:
    """The whole file."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    width, height = drawing.width, drawing.height
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="ui-sans-serif, system-ui, sans-serif" text-anchor="middle" role="img" aria-labelledby="title about">'
    )
    yield f'  <title id="title">{escape(drawing.name)}</title>'
    yield f'  <desc id="about">{escape(" ".join([drawing.about, *_told(drawing)]))}</desc>'
    yield f"  <style>\n{_STYLE}\n  </style>"
    yield f"  <defs>{_TIPS}</defs>"
    yield f'  <rect class="paper" width="{width:g}" height="{height:g}" rx="12"/>'
    yield from (f'  <path class="curve{" feedback" if curve.feedback else ""}" d="{curve.path}"/>' for curve in drawing.curves)
    yield from map(_kind, drawing.curves)
    yield from map(_box, drawing.boxes)
    yield "</svg>"


def _told(drawing: Drawing) -> Iterator[str]:
    """The links as sentences, for who cannot see them."""
    for curve in drawing.curves:
        yield f"{curve.source} gives {curve.label} {'back ' if curve.feedback else ''}to {curve.target}."


def _kind(curve: Curve) -> str:
    return f'  <text class="kind" x="{curve.x:g}" y="{curve.y + 4:g}">{escape(curve.label)}</text>'


def _box(box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    return (
        f'  <g><rect class="{box.side}" x="{left:g}" y="{top:g}" width="{box.width:g}" height="{box.height:g}" rx="9"/>'
        f'<text class="name" x="{box.x:g}" y="{box.y - 2:g}">{escape(box.name)}</text>'
        f'<text class="use" x="{box.x:g}" y="{box.y + 14:g}">{escape(box.use)}</text></g>'
    )
