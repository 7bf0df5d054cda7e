"""`voicegraph graph`: a graph as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from voicegraph.commands import CommandError, Subcommands, say


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("graph", help="draw a graph", description="Draw a graph, as SVG or as a Mermaid flowchart.")
    parser.add_argument("graph", metavar="GRAPH", help="a file, or the name of a shipped graph")
    parser.add_argument("--format", choices=("svg", "mermaid"), help="svg, unless the name of --out ends with .mmd or .md")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (stdout)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.draw import draw
    from voicegraph.graph.load import load
    from voicegraph.graph.mermaid import mermaid
    from voicegraph.graph.svg import svg

    out: Path | None = options.out
    chosen = options.format or ("mermaid" if out is not None and out.suffix in (".mmd", ".md") else "svg")
    drawing = draw(load(options.graph))
    text = svg(drawing) if chosen == "svg" else mermaid(drawing)
    if out is None:
        say(text.rstrip("\n"))
        return 0
    if out.suffix == ".md" and chosen == "mermaid":
        text = f"```mermaid\n{text}```\n"
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise CommandError(f"{out} cannot be written: {problem.strerror}.") from problem
    return 0
