"""`voicegraph check`: everything wrong in graph files, without running them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicegraph.commands import Subcommands, complain, say
from voicegraph.errors import GraphError

if TYPE_CHECKING:
    from voicegraph.graph.effective import Effective
    from voicegraph.graph.spec import GraphSpec, Link, NodeSpec, Position

DESCRIPTION = """Check graphs. Needs no key and no network. Exit code 0: all can run; 1: there are mistakes; 2: the command line was wrong."""


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("check", help="find the mistakes in graph files", description=DESCRIPTION)
    parser.add_argument("graphs", nargs="+", metavar="GRAPH", help="a file, or the name of a shipped graph")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("-v", "--verbose", action="store_true", help="show every node with its links and its options, and where each value comes from")
    form.add_argument("--json", action="store_true", help="the same for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    found = [_checked(graph) for graph in options.graphs]
    wrong = sum(len(result.mistakes) for result in found if isinstance(result, GraphError))
    if options.json:
        graphs = [_as_json(name, result) for name, result in zip(options.graphs, found, strict=True)]
        say(json.dumps({"mistakes": wrong, "graphs": graphs}, indent=2, ensure_ascii=False))
        return 1 if wrong else 0
    for result in found:
        for line in _told(result, options.verbose):
            say(line)
    if wrong:
        complain(f"{wrong} mistake{'s' if wrong > 1 else ''}")
    return 1 if wrong else 0


def _checked(graph: str) -> GraphSpec | GraphError:
    from voicegraph.graph.load import load

    try:
        return load(graph)
    except GraphError as problem:
        return problem


# --- for people ----------------------------------------------------------------------------------------------------------------------


def _told(result: GraphSpec | GraphError, verbose: bool) -> Iterator[str]:
    if isinstance(result, GraphError):
        yield from map(str, result.mistakes)
        return
    for note in result.notes:
        yield str(replace(note, message=f"note: {note.message}"))
    if verbose:
        yield f"{result.name}: {result.about}"
        for node in result.nodes:
            yield f"  {node.name}: {node.use}  ({place(node.position)})"
            yield from (f"    {line}" for line in effect(node))


def effect(node: NodeSpec) -> Iterator[str]:
    """A node as it will run: its links, its options, and where each value comes from."""
    from voicegraph.graph.effective import effective

    yield from map(_link, node.links)
    rows = [(f"{each.option}: {_short(each.value)}", _origin(each)) for each in effective(node)]
    width = max((min(len(value), 48) for value, _ in rows), default=0)
    yield from (f"{value:<{width}}  {origin}" for value, origin in rows)


def place(at: Position) -> str:
    """A line of a file, from here if that is shorter."""
    file = Path(at.file)
    return f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}:{at.line}"


def _link(link: Link) -> str:
    rate = f" {link.rate} Hz" if link.rate else ""
    return f"{link.into} <- {link.source}.{link.out}  {link.kind.__name__}{rate}{', feedback' if link.feedback else ''}"


def _short(value: object) -> str:
    text = "none" if value in (None, []) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.lower() if isinstance(value, bool) else " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _origin(each: Effective) -> str:
    names = ", ".join(each.variables)
    if each.left_out and each.at is not None:
        return f"{each.origin}; {names} of {place(each.at)} is empty or not set"
    if each.at is None:
        return each.origin
    return f"{place(each.at)}, from {names}" if names else place(each.at)


# --- for programs --------------------------------------------------------------------------------------------------------------------


def _as_json(name: str, result: GraphSpec | GraphError) -> dict[str, Any]:
    if isinstance(result, GraphError):
        return {"graph": name, "ok": False, "mistakes": list(map(asdict, result.mistakes))}
    return {
        "graph": name,
        "ok": True,
        "mistakes": [],
        "notes": list(map(asdict, result.notes)),
        "about": result.about,
        "version": result.version,
        "files": list(map(str, result.files)),
        "nodes": list(map(node_as_json, result.nodes)),
    }


def node_as_json(node: NodeSpec) -> dict[str, Any]:
    """A node as it will run, as JSON has it."""
    from voicegraph.graph.effective import effective

    links = [{field.name: getattr(link, field.name) for field in fields(link)} | {"kind": link.kind.__name__} for link in node.links]
    return {"name": node.name, "use": node.use, "at": asdict(node.position), "links": links, "options": list(map(asdict, effective(node)))}
