"""A graph as a Mermaid flowchart, which GitHub and many wikis draw. https://mermaid.js.org/syntax/flowchart.html"""

from __future__ import annotations

from collections.abc import Iterator

from voicegraph.graph.draw import Drawing

_LOOKS = {
    "caller": "fill:#e8f1fb,stroke:#5f8fc4,color:#1c1b19",
    "floor": "fill:#fff3dc,stroke:#b98a2e,color:#1c1b19",
    "reply": "fill:#e6f5ec,stroke:#56996f,color:#1c1b19",
    "observer": "fill:#f2f1ee,stroke:#85827a,color:#1c1b19,stroke-dasharray:2 3",
}


def mermaid(drawing: Drawing) -> str:
    """The text of the flowchart; feedback is dotted."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    yield "flowchart TD"
    for box in drawing.boxes:
        use = f"<br/><small>{_quoted(box.use)}</small>" if box.use != box.name else ""
        yield f'  n_{box.name}["{_quoted(box.name)}{use}"]:::{box.side}'  # n_: some names, such as end, are words of Mermaid's
    for curve in drawing.curves:
        arrow = "-. {} .->" if curve.feedback else "-- {} -->"
        yield f"  n_{curve.source} {arrow.format(curve.label)} n_{curve.target}"
    for side in dict.fromkeys(box.side for box in drawing.boxes):
        yield f"  classDef {side} {_LOOKS[side]}"


def _quoted(text: str) -> str:
    """Mermaid has no escapes inside quotes, but entities."""
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
