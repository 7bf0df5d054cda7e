"""What was found, as a file: benchmarks/results/*.json is what the README's tables and the plot are made of."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.figures import Figure
from benchmarks.load import Step
from benchmarks.machine import description

FOLDER = Path(__file__).parent / "results"
BENCH = FOLDER / "bench.json"
PEERS = FOLDER / "peers.json"


@dataclass(slots=True)
class Part:
    """What one part of a run found. ramps: by the server's name. note: a sentence on what else went on meanwhile."""

    figures: list[Figure] = field(default_factory=list)
    ramps: dict[str, Sequence[Step]] = field(default_factory=dict)
    note: str = ""
    machine: str = field(default_factory=description)
    measured: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "measured": self.measured,
            "note": self.note,
            "figures": [figure.as_json() for figure in self.figures],
            "ramps": {name: load.as_json(steps) for name, steps in self.ramps.items()},
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Part:
        return cls(
            figures=[Figure.from_json(each) for each in found["figures"]],
            ramps={name: load.from_json(steps) for name, steps in found["ramps"].items()},
            note=found["note"],
            machine=found["machine"],
            measured=found["measured"],
        )


@dataclass(slots=True)
class Results:
    """The parts by name, in the order of the table. A part that is measured again takes the place of what was there."""

    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def figures(self) -> list[Figure]:
        return [figure for part in self.parts.values() for figure in part.figures]

    @property
    def ramps(self) -> dict[str, Sequence[Step]]:
        return {name: steps for part in self.parts.values() for name, steps in part.ramps.items()}

    def said(self) -> str:
        """When and where it was measured, and the notes."""
        places = dict.fromkeys(f"{part.measured} on {part.machine}" for part in self.parts.values())
        return " ".join([f"Measured {'; '.join(places)}.", *(part.note for part in self.parts.values() if part.note)])

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: part.as_json() for name, part in self.parts.items()}, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        """What is in the file; nothing when there is none."""
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return cls({name: Part.from_json(part) for name, part in found.items()})
