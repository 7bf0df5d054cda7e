"""What a running graph did since the last look, as numbers for a drawing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicegraph.graph.meter import Meter
from voicegraph.graph.wire import LinkStatistics


class Activity:
    """`look()` again and again, each time for what is new. The order of nodes and links is that of `describe()`."""

    def __init__(self, nodes: Sequence[str], links: Sequence[LinkStatistics], meter: Meter) -> None:
        self._nodes = nodes
        self._links = links
        self._meter = meter
        self._seen = [(link.frames, link.drops) for link in links]
        self._spent = self._totals()

    def look(self) -> dict[str, Any]:
        """links: for each `[frames, dropped, waiting]`; nodes: for each `[milliseconds, frames handled, handlers under way]`. Waiting and under
        way are as of now, the others since the last look."""
        before, self._seen = self._seen, [(link.frames, link.drops) for link in self._links]
        links = [[link.frames - frames, link.drops - drops, link.waiting] for link, (frames, drops) in zip(self._links, before, strict=True)]
        spent, self._spent = self._spent, self._totals()
        nodes = []
        for name in self._nodes:
            (seconds, handled), (seconds_before, handled_before) = self._spent[name], spent[name]
            nodes.append([round((seconds - seconds_before) * 1000, 3), handled - handled_before, self._meter.working[name]])
        return {"links": links, "nodes": nodes}

    def _totals(self) -> Mapping[str, tuple[float, int]]:
        return {name: (self._meter.seconds[name], self._meter.handled[name]) for name in self._nodes}
