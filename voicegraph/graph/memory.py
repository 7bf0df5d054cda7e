"""What the nodes of a call remember, for a later call of the same graph to go on from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from voicegraph.graph.processor import Processor

Memory: TypeAlias = Mapping[str, Sequence[Any]]
"""By node: JSON-ready entries, one per exchange with the caller, the oldest first."""

log = logging.getLogger(__name__)


def memory_of(processors: Iterable[Processor]) -> Memory:
    """What these remember now, without those that remember nothing."""
    return {processor.name: entries for processor in processors if (entries := list(processor.remembered()))}


def recall(memory: Memory, processors: Mapping[str, Processor]) -> int:
    """Give each its entries; those of a node that is not there any more, or is another now, are left out. The exchanges that were taken."""
    taken = 0
    for name, entries in memory.items():
        if (processor := processors.get(name)) is None:
            continue
        try:
            processor.remember(entries)
        except ValueError as problem:
            log.warning("'%s' does not take up what it remembered: %s", name, problem)
        else:
            taken = max(taken, len(entries))
    return taken


def shorter(memory: Memory) -> Memory:
    """Without the oldest entry of the node that has most; empty when nothing is left."""
    longest = max(memory, key=lambda name: len(memory[name]), default="")
    rest = {name: entries[1:] if name == longest else entries for name, entries in memory.items()}
    return {name: entries for name, entries in rest.items() if entries}
