"""`voicegraph explain`: what a processor takes, gives and can be told, from its own contract."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicegraph.commands import CommandError, Subcommands, say
from voicegraph.commands.check import effect, node_as_json, place

if TYPE_CHECKING:
    from voicegraph.graph.describe import Description, Option, Port
    from voicegraph.graph.processor import Processor
    from voicegraph.graph.spec import NodeSpec

WIDTH = 100
DESCRIPTION = (
    "Explain a processor (webrtcvad, ./shout.py:Shout), or a node of a graph with what is in effect there (mine.yaml:vad). Without one: list them."
)


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("explain", help="say what a processor does and which options it has", description=DESCRIPTION)
    parser.add_argument("what", nargs="?", metavar="PROCESSOR|GRAPH:NODE")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from voicegraph.graph.describe import describe
    from voicegraph.graph.registry import Registry

    if options.what is None:
        found = [describe(name, cls) for name, cls in Registry().catalogue.items()]
        say(json.dumps([each.json() for each in found], indent=2, ensure_ascii=False) if options.json else "\n".join(_listing(found)))
        return 0
    node = _node_of(options.what)
    description = describe(node.use, node.processor) if node else describe(options.what, _processor(options.what))
    if options.json:
        say(json.dumps(description.json() | ({"node": node_as_json(node)} if node else {}), indent=2, ensure_ascii=False))
    else:
        say("\n".join([*explained(description), *(_at_node(node) if node else ())]))
    return 0


def _node_of(what: str) -> NodeSpec | None:
    """The node that `graph:node` names; None when it names no graph."""
    from voicegraph.graph.load import load
    from voicegraph.graph.report import did_you_mean, listed
    from voicegraph.graph.shipped import names

    graph, colon, name = what.rpartition(":")
    if not colon or not (graph.endswith((".yaml", ".yml")) or graph in names()):
        return None
    nodes = {node.name: node for node in load(graph).nodes}
    if name not in nodes:
        raise CommandError(f"{graph} has no node '{name}'{did_you_mean(name, nodes)}: it has {listed(nodes, 'and')}.")
    return nodes[name]


def _processor(what: str) -> type[Processor]:
    from voicegraph.graph.registry import NotFound, Registry

    try:
        return Registry().find(what, Path())
    except NotFound as problem:
        hint = f"; a node of a graph is written {what}:node" if what.endswith((".yaml", ".yml")) else ""
        raise CommandError(f"{problem}{hint}") from problem


def _listing(found: list[Description]) -> Iterator[str]:
    width = max(len(each.name) for each in found)
    for each in found:
        yield f"{each.name:<{width}}  {textwrap.shorten(each.about, WIDTH - width - 2, placeholder=' …')}"


def explained(it: Description) -> Iterator[str]:
    """A description as lines of text."""
    yield from _wrapped(f"{it.name}: {it.about}", "")
    if it.more:
        yield from ("", *_wrapped(it.more, ""))
    yield ""
    yield from (_port("takes", port) for port in it.inputs)
    yield from (_port("gives", port) for port in it.outputs)
    if it.observer:
        yield "It only watches: a graph is not complete because it listens."
    if it.needs:
        yield f"It needs pip install 'voicegraph[{','.join(it.needs)}]'."
    yield from ("", "Options:" if it.options else "It takes no options.")
    for option in it.options:
        yield from _option(option, "  ")
    if it.example:
        yield from ("", "For example:", textwrap.indent(it.example, "  "))


def _port(verb: str, port: Port) -> str:
    return f"  {verb} {port.name}: {port.kind}{''.join(f', {note}' for note in port.notes)}"


def _option(option: Option, margin: str) -> Iterator[str]:
    default = "required" if option.required else f"{option.origin}{':' if option.origin != 'default' else ''} {shown(option.default)}"
    yield f"{margin}{option.name}: {option.takes}{'' if option.options else f'; {default}'}"
    yield from _wrapped(option.about, f"{margin}    ")
    for inside in option.options:
        yield from _option(inside, f"{margin}    ")


def shown(default: Any) -> str:
    """A default in one line."""
    text = (
        "none"
        if default in (None, [])
        else ", ".join(default)
        if isinstance(default, list)
        else str(default).lower()
        if isinstance(default, bool)
        else str(default)
    )
    return textwrap.shorten(text, 60, placeholder=" …")


def _wrapped(text: str, margin: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin)


def _at_node(node: NodeSpec) -> Iterator[str]:
    yield from ("", f"'{node.name}' ({place(node.position)}):")
    yield from (f"  {line}" for line in effect(node))
