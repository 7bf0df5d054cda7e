"""Figures, their bars and their tables."""

from __future__ import annotations

import json

from benchmarks.figures import Figure, table
from benchmarks.peers.comparison import comparison
from benchmarks.results import Part, Results


def test_each_bar_is_held_by_what_it_is_about() -> None:
    assert Figure("a", "ms", [1, 2, 30], median_bar=2).reached()
    assert not Figure("a", "ms", [1, 2, 30], median_bar=2, worst_bar=20).reached()
    assert Figure("a", "", [40], least=30).reached()
    assert not Figure("a", "", [40, 29], least=30).reached()


def test_the_table_says_what_is_not_reached() -> None:
    figures = [Figure("answer", "ms", [580.4, 590.1], median_bar=500), Figure("calls", "", [40], least=30), Figure("cost", "MB", [0.91444])]
    assert table(figures).splitlines()[2:] == [
        "| answer | 585 ms | 590 ms | 2 | ≤ 500 (median) **not reached** |",
        "| calls | 40 |  |  | ≥ 30 |",
        "| cost | 0.914 MB |  |  |  |",
    ]


def test_a_comparison_gives_ratios_to_ours() -> None:
    results = Results(
        {
            "one": Part([Figure("voicegraph: answer", "ms", [600]), Figure("voicegraph: calls", "", [40])]),
            "two": Part([Figure("Other: answer", "ms", [1800]), Figure("Other: something of its own", "ms", [1])]),
        }
    )
    assert comparison(results).splitlines() == [
        "| | voicegraph | Other |",
        "|---|---|---|",
        "| answer | 600 ms | 1800 ms (3 ×) |",
        "| calls | 40 | – |",
    ]


def test_figures_survive_their_file() -> None:
    figure = Figure("answer", "ms", [580.4, 590.1], median_bar=500, least=None, p95_bar=600)
    assert Figure.from_json(json.loads(json.dumps(figure.as_json()))) == figure
