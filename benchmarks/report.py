"""`python -m benchmarks.report`: write the README's numbers and the plot anew, from the files of the last runs. So nobody types a number by hand.

A test compares the README with the files; `--check` does the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.figures import table
from benchmarks.peers.comparison import comparison
from benchmarks.results import BENCH, PEERS, Results

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PLOT = ROOT / "docs" / "images" / "load.svg"
BEGIN, END = "<!-- numbers: written by `make numbers` -->\n", "<!-- /numbers -->\n"


def numbers(bench: Results, peers: Results | None) -> str:
    """The README's section in Markdown."""
    parts = [table(bench.figures), _said("make bench", bench)]
    if peers is not None:
        parts += ["The same callers and the same stand-in, against others:", comparison(peers), _said("make bench-peers", peers)]
    return "\n\n".join(parts) + "\n"


def rewritten(readme: str, section: str) -> str:
    """The README with this between its markers. Raises ValueError when it has none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README needs the lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}\n{section}\n{end}{after}"


def _said(target: str, results: Results) -> str:
    notes = " ".join(results.notes)
    return f"Printed by `{target}` on {results.measured}: {results.machine}. {notes}".strip()


def main() -> int:
    peers = Results.read(PEERS) if PEERS.exists() else None
    bench = Results.read(BENCH)
    now = README.read_text(encoding="utf-8")
    new = rewritten(now, numbers(bench, peers))
    if "--check" in sys.argv[1:]:
        return int(new != now)
    from benchmarks.plot import plot  # needs the extra `bench`, which --check does not

    README.write_text(new, encoding="utf-8")
    plot(bench.ramps | (peers.ramps if peers is not None else {}), PLOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
