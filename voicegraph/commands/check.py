"""`voicegraph check`: everything wrong in graph files, without running them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from voicegraph.commands import Subcommands, complain, say
from voicegraph.errors import GraphError

if TYPE_CHECKING:
    from voicegraph.graph.spec import GraphSpec, Link, NodeSpec


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("check", help="find the mistakes in graph files", description="Check graphs. Needs no key and no network.")
    parser.add_argument("graphs", nargs="+", metavar="GRAPH", help="a file, or the name of a shipped graph")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every node with its links and the options that are in effect")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.load import load

    wrong = 0
    for graph in options.graphs:
        try:
            spec = load(graph)
        except GraphError as problem:
            wrong += len(problem.mistakes)
            for mistake in problem.mistakes:
                say(str(mistake))
        else:
            for note in spec.notes:
                say(str(replace(note, message=f"note: {note.message}")))
            for line in described(spec) if options.verbose else ():
                say(line)
    if wrong:
        complain(f"{wrong} mistake{'s' if wrong > 1 else ''}")
    return 1 if wrong else 0


def described(spec: GraphSpec) -> list[str]:
    """A graph as it will run, for people. Shows what the files say and defaults, nothing from the environment."""
    lines = [f"{spec.name}: {spec.about}"]
    for node in spec.nodes:
        lines.append(f"  {node.name}: {node.use}  ({node.position.file}:{node.position.line})")
        lines += [f"    {_link(link)}" for link in node.links]
        lines += [f"    {name}: {value}" for name, value in _options(node).items()]
    return lines


def _link(link: Link) -> str:
    rate = f" {link.rate} Hz" if link.rate else ""
    return f"{link.into} <- {link.source}.{link.out}  {link.kind.__name__}{rate}{', feedback' if link.feedback else ''}"


def _options(node: NodeSpec) -> dict[str, object]:
    """Every option with what is in effect: as written, so that nothing of the environment shows; else the default."""
    return {name: _shown(value, node.written.get(name), name in node.written) for name, value in node.settings.effective().items()}


def _shown(value: object, written: object, is_written: bool) -> object:
    if isinstance(value, dict) and isinstance(written, dict | None):
        parts = value | (written or {})
        return ", ".join(f"{name} {part}" for name, part in parts.items())
    return written if is_written else f"{value}  (default)"
