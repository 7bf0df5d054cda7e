"""What a benchmark finds: samples with a name and a unit, and the bar that they are held against."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from benchmarks.callers.lateness import percentile


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity. In the same unit, or None for no bar: `median_bar`, `worst_bar` and `p95_bar` (95th percentile) at most, `least` at
    least for every sample."""

    name: str
    unit: str
    samples: Sequence[float]
    median_bar: float | None = None
    worst_bar: float | None = None
    least: float | None = None
    p95_bar: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def worst(self) -> float:
        """The sample furthest on the wrong side."""
        return max(self.samples) if self.least is None else min(self.samples)

    @property
    def p95(self) -> float:
        """The 95th percentile, by nearest rank."""
        return percentile(self.samples, 0.95)

    def reached(self) -> bool:
        """Whether every bar is held."""
        return (
            (self.median_bar is None or self.median <= self.median_bar)
            and (self.p95_bar is None or self.p95 <= self.p95_bar)
            and (self.worst_bar is None or self.worst <= self.worst_bar)
            and (self.least is None or self.worst >= self.least)
        )

    @property
    def bar(self) -> str:
        """The bars in words, and whether they are held."""
        percentile = None if self.p95_bar is None else f"≤ {self.p95_bar:g} (95 %: {amount(self.p95, '')})"
        bars = ((self.median_bar, "≤ {:g} (median)"), (self.worst_bar, "≤ {:g}"), (self.least, "≥ {:g}"))
        found = ", ".join([words.format(bar) for bar, words in bars if bar is not None] + ([percentile] if percentile else []))
        return found if self.reached() else f"{found} **not reached**"

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads; the median, the worst and the verdict are for other readers."""
        return asdict(self) | {
            "samples": list(map(rounded, self.samples)),
            "median": rounded(self.median),
            "worst": rounded(self.worst),
            "reached": self.reached(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Figure:
        return cls(**{each.name: found[each.name] for each in fields(cls) if each.name in found})


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    rows = ["| figure | median | worst | samples | bar |", "|---|---|---|---|---|"]
    for each in figures:
        several = len(each.samples) > 1
        worst = amount(each.worst, each.unit) if several else ""
        rows.append(f"| {each.name} | {amount(each.median, each.unit)} | {worst} | {len(each.samples) if several else ''} | {each.bar} |")
    return "\n".join(rows)


def amount(value: float, unit: str) -> str:
    """With three significant digits, whole numbers whole."""
    digits = f"{value:.0f}" if abs(value) >= 100 else f"{float(f'{value:.3g}'):g}"
    return f"{digits} {unit}".strip()


def rounded(value: float) -> float:
    """To five significant digits: files should not grow by noise."""
    return float(f"{value:.5g}")
