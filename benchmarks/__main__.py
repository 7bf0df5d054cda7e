"""`python -m benchmarks [--calls N] [--graph NAME]… [--json FILE]`: measure, print a table, exit 1 when a bar is not reached.

`--turns` measures turn-taking instead: what answers cost without speculation, 20 interruptions in a row, and over 200 what the agent knows was
heard (some 20 minutes). `--speech FOLDER` plays recordings to the floor: does it take a pause for the end?
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from pathlib import Path

from benchmarks.endings import endings
from benchmarks.figures import Figure, table
from benchmarks.heard import heard
from benchmarks.idle import idle
from benchmarks.latency import latency
from benchmarks.speculation import speculation
from benchmarks.yielding import yielding

GRAPHS = ("voxtral", "voxtral2")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--calls", type=int, default=10, help="per graph (default: %(default)s)")
    parser.add_argument("--graph", action="append", default=[], choices=GRAPHS, help="only this graph; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the samples there too")
    parser.add_argument("--turns", action="store_true", help="turn-taking instead: without speculation, interruptions, what was heard")
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help="only this: are pauses in these WAV files taken for the end of a turn?")
    options = parser.parse_args()
    figures = asyncio.run(_chosen(options))
    print(table(figures))
    if options.json is not None:
        found = {"machine": f"{platform.machine()}, Python {platform.python_version()}", "figures": [each.as_json() for each in figures]}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if all(each.reached() for each in figures) else 1


async def _chosen(options: argparse.Namespace) -> list[Figure]:
    graphs = options.graph or list(GRAPHS)
    if options.speech is not None:
        return await endings(sorted(options.speech.glob("*.wav")))
    if options.turns:
        found = [figure for graph in graphs for figure in (*await speculation(graph, options.calls), *await yielding(graph))]
        return found + await heard()
    return await _measure(graphs, options.calls)


async def _measure(graphs: list[str], calls: int) -> list[Figure]:
    figures: list[Figure] = []
    for graph in graphs:
        print(f"measuring {graph}: {calls} calls of some 10 s …", file=sys.stderr)
        figures += await latency(graph, calls)
    print("measuring an idle call …", file=sys.stderr)
    return figures + await idle(graphs[0])


if __name__ == "__main__":
    sys.exit(main())
