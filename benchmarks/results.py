"""What a whole run found, as a file: benchmarks/results/bench.json is what the README's table and the plot are made of."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import load
from benchmarks.figures import Figure
from benchmarks.load import Step
from benchmarks.machine import description

FOLDER = Path(__file__).parent / "results"
BENCH = FOLDER / "bench.json"
PEERS = FOLDER / "peers.json"


@dataclass(slots=True)
class Results:
    """figures: in the order of the table. ramps: by the server's name. notes: sentences on what else went on while it was measured."""

    machine: str = field(default_factory=description)
    measured: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))
    figures: list[Figure] = field(default_factory=list)
    ramps: dict[str, Sequence[Step]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        found = {
            "machine": self.machine,
            "measured": self.measured,
            "notes": self.notes,
            "figures": [figure.as_json() for figure in self.figures],
            "ramps": {name: load.as_json(steps) for name, steps in self.ramps.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            machine=found["machine"],
            measured=found["measured"],
            notes=found["notes"],
            figures=[Figure.from_json(each) for each in found["figures"]],
            ramps={name: load.from_json(steps) for name, steps in found["ramps"].items()},
        )
