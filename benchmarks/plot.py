"""The picture of a ramp: lateness and CPU over the number of calls, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from benchmarks.load import LATE, Step

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Okabe and Ito's, which people with any colour vision can tell apart."""
LEAST = 0.1
"""Milliseconds: what is less is drawn here, for the axis is logarithmic."""
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def plot(ramps: Mapping[str, Sequence[Step]], path: Path) -> None:
    """One line per server. Names first seen get the first colours."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "voicegraph", "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        late, cpu = figure.subplots(1, 2)
        for (name, steps), colour in zip(ramps.items(), COLOURS, strict=False):
            calls = [step.calls for step in steps]
            late.plot(calls, [max(LEAST, 1000 * step.late_p99) for step in steps], "o-", color=colour, markersize=4, label=name)
            cpu.plot(calls, [100 * step.cpu for step in steps], "o-", color=colour, markersize=4, label=name)
        late.axhline(1000 * LATE, color="#777777", linestyle="--", linewidth=1)
        late.set(yscale="log", ylabel="ms", title="99th percentile of packet lateness")
        cpu.set(ylabel="% of a core", title="CPU of the server", ylim=(0, None))
        late.yaxis.set_major_locator(FixedLocator(TICKS))
        late.yaxis.set_major_formatter("{x:g}")
        late.yaxis.set_minor_locator(NullLocator())
        for axes in (late, cpu):
            axes.set(xlabel="calls, half of which hear a reply", xlim=(0, None))
            axes.grid(visible=True, color="#dddddd", linewidth=0.5)
            axes.set_axisbelow(True)
        cpu.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
