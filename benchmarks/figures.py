"""What a benchmark finds: samples with a name and a unit, and the bar that they are held against."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity. `median_bar`, `worst_bar`: at most, in the same unit; None: no bar."""

    name: str
    unit: str
    samples: Sequence[float]
    median_bar: float | None = None
    worst_bar: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def worst(self) -> float:
        return max(self.samples)

    def reached(self) -> bool:
        """Whether every bar is held."""
        return (self.median_bar is None or self.median <= self.median_bar) and (self.worst_bar is None or self.worst <= self.worst_bar)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "samples": [round(sample, 3) for sample in self.samples],
            "median": round(self.median, 3),
            "worst": round(self.worst, 3),
            "median_bar": self.median_bar,
            "worst_bar": self.worst_bar,
            "reached": self.reached(),
        }


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    rows = ["| figure | median | worst | samples | at most |", "|---|---|---|---|---|"]
    for each in figures:
        bars = [f"{bar:g} ({what})" for bar, what in ((each.median_bar, "median"), (each.worst_bar, "worst")) if bar is not None]
        verdict = "" if each.reached() else " **not reached**"
        unit = f" {each.unit}"
        rows.append(f"| {each.name} | {each.median:.4g}{unit} | {each.worst:.4g}{unit} | {len(each.samples)} | {', '.join(bars) or '–'}{verdict} |")
    return "\n".join(rows)
