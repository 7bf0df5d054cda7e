"""What a benchmark finds: samples with a name and a unit, and the bar that they are held against."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity. `median_bar`, `worst_bar`, `p95_bar` (95th percentile): at most, in the same unit; None: no bar."""

    name: str
    unit: str
    samples: Sequence[float]
    median_bar: float | None = None
    worst_bar: float | None = None
    p95_bar: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def worst(self) -> float:
        return max(self.samples)

    @property
    def p95(self) -> float:
        """The 95th percentile, by nearest rank."""
        return sorted(self.samples)[math.ceil(0.95 * len(self.samples)) - 1]

    def bars(self) -> list[tuple[str, float, float]]:
        """(what of the samples, its value, at most)."""
        all_bars = (("median", self.median, self.median_bar), ("95 %", self.p95, self.p95_bar), ("worst", self.worst, self.worst_bar))
        return [(what, value, bar) for what, value, bar in all_bars if bar is not None]

    def reached(self) -> bool:
        """Whether every bar is held."""
        return all(value <= bar for _, value, bar in self.bars())

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "samples": [round(sample, 3) for sample in self.samples],
            "median": round(self.median, 3),
            "worst": round(self.worst, 3),
            "median_bar": self.median_bar,
            "worst_bar": self.worst_bar,
            "p95": round(self.p95, 3),
            "p95_bar": self.p95_bar,
            "reached": self.reached(),
        }


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    rows = ["| figure | median | worst | samples | at most |", "|---|---|---|---|---|"]
    for each in figures:
        bars = [f"{bar:g} ({what}{f': {value:g}' if what == '95 %' else ''})" for what, value, bar in each.bars()]
        verdict = "" if each.reached() else " **not reached**"
        unit = f" {each.unit}"
        rows.append(f"| {each.name} | {each.median:.4g}{unit} | {each.worst:.4g}{unit} | {len(each.samples)} | {', '.join(bars) or '–'}{verdict} |")
    return "\n".join(rows)
