"""`python -m benchmarks.report`: write the README's numbers and the plot anew, from the files of the last runs. So nobody types a number by hand.

A test compares the README with the files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.figures import table
from benchmarks.peers.comparison import OURS, comparison
from benchmarks.results import BENCH, PEERS, Results

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PLOT = ROOT / "docs" / "images" / "load.svg"
BEGIN, END = "<!-- numbers: written by `make numbers` -->\n", "<!-- /numbers -->\n"


def numbers(bench: Results, peers: Results) -> str:
    """The README's section in Markdown."""
    parts = [table(bench.figures), f"`make bench` printed this. {bench.said()}"]
    if peers.parts:
        parts += ["And others, with the same callers and the same stand-in (`make bench-peers`):", comparison(peers), peers.said()]
    return "\n\n".join(parts) + "\n"


def rewritten(readme: str, section: str) -> str:
    """The README with this between its markers. Raises ValueError when it has none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README needs the lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}\n{section}\n{end}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the README is not what the files make it")
    options = parser.parse_args()
    bench, peers = Results.read(BENCH), Results.read(PEERS)
    now = README.read_text(encoding="utf-8")
    new = rewritten(now, numbers(bench, peers))
    if options.check:
        return int(new != now)
    from benchmarks.plot import plot  # needs the extra `bench`, which --check does not

    README.write_text(new, encoding="utf-8")
    plot(bench.ramps | {name: steps for name, steps in peers.ramps.items() if name != OURS}, PLOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
