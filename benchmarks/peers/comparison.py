"""Figures of several servers side by side."""

from __future__ import annotations

from benchmarks.figures import Figure, amount
from benchmarks.results import Results

OURS = "voicegraph"


def comparison(results: Results) -> str:
    """A Markdown table: a row per quantity, a column per server, and how many times as much each other one has as ours (or how small a part of it).

    The figures are named `server: quantity`; what only others have is left out.
    """
    servers = list(dict.fromkeys(_split(figure)[0] for figure in results.figures))
    found: dict[str, dict[str, Figure]] = {}
    for figure in results.figures:
        server, quantity = _split(figure)
        found.setdefault(quantity, {})[server] = figure
    rows = ["| | " + " | ".join(servers) + " |", "|---" * (len(servers) + 1) + "|"]
    for quantity, by in found.items():
        if OURS in by:
            cells = [_cell(by.get(server), by[OURS]) for server in servers]
            rows.append(f"| {quantity} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cell(theirs: Figure | None, ours: Figure) -> str:
    if theirs is None:
        return "–"
    value = amount(theirs.median, theirs.unit)
    if theirs is ours or not ours.median:
        return value
    return f"{value} ({theirs.median / ours.median:.2g} ×)"


def _split(figure: Figure) -> tuple[str, str]:
    server, _, quantity = figure.name.partition(": ")
    return server, quantity
