"""`voicegraph schema`: for editors, which then complete and check graph files."""

from __future__ import annotations

import argparse
import json

from voicegraph.commands import Subcommands, say


def add(commands: Subcommands) -> None:
    parser = commands.add_parser("schema", help="print the JSON Schema of graph files", description=__doc__)
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    from voicegraph.graph.schema import graph_schema

    say(json.dumps(graph_schema(), indent=2, ensure_ascii=False))
    return 0
