"""One graph file of a server, through its edits: the version that calls get, and what is wrong with the file as it is now."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from voicegraph.errors import GraphError, Mistake
from voicegraph.graph.load import load
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import GraphSpec

SETTLED = 0.2
"""Seconds since the last change after which a file counts as written to its end: half a file can be a graph too."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """A state of the file that could run. number: how many there were in this process. since: when it was taken."""

    spec: GraphSpec
    number: int
    since: datetime

    def __str__(self) -> str:
        return f"version {self.number} ({self.spec.version})"


class GraphFile:
    """Reads the file again when it, a file that it extends, or a Python file that it uses has changed. Blocking, and for any thread.

    A file that is wrong changes nothing: the last version that was right stays. Calls keep the spec that they were started with.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version: Version | None = None
        """What a call gets now; None as long as the file was never right."""
        self.mistakes: Sequence[Mistake] = ()
        """What is wrong with the file as it is now."""
        self._sources: Sources | None = None
        self._lock = Lock()
        self._told: tuple[int, Sequence[Mistake]] = (1, ())

    def spec(self) -> GraphSpec:
        """The graph that a call gets now. Raises GraphError when the file was never right."""
        self.refresh()
        if self.version is None:
            raise GraphError(self.mistakes)
        return self.version.spec

    def refresh(self, *, whole: bool = False) -> None:
        """Look whether anything has changed, and read it if so. whole: nobody is in the middle of writing it."""
        with self._lock:
            if self._sources is None or (self._sources.changed() and (whole or self.version is None or settled(self._sources.files))):
                self._load()

    def tell(self) -> None:
        """Log what is new since the last time: a version that was taken, or mistakes that keep one from being taken."""
        (number, wrong), self._told = self._told, (self.version.number if self.version else 0, self.mistakes)
        if (number, wrong) == self._told:
            return
        for mistake in self.mistakes:
            log.warning("%s", mistake)
        if self.version is None:
            return
        if self.mistakes:
            log.warning("%s: calls go on with %s", self.path.name, self.version)
        elif self.version.number != number:
            log.info("%s: %s from the next call on", self.path.name, self.version)
        else:
            log.info("%s: right again, as %s", self.path.name, self.version)

    @property
    def used(self) -> bool:
        """Whether it was read yet."""
        return self._sources is not None

    @property
    def files(self) -> Sequence[Path]:
        """What it depends on, as far as that is known."""
        return self._sources.files if self._sources is not None else (self.path,)

    def _load(self) -> None:
        self._sources = Sources()
        try:
            spec = load(self.path, sources=self._sources)
        except GraphError as problem:
            self.mistakes = tuple(problem.mistakes)
            return
        self.mistakes = ()
        if self.version is None:
            self.version = Version(spec, 1, datetime.now(UTC))
        elif spec.version != self.version.spec.version:
            self.version = Version(spec, self.version.number + 1, datetime.now(UTC))


def settled(files: Sequence[Path]) -> bool:
    """Whether the last change of these files was some time ago. For one that is missing, its folder's last change counts."""
    changes = []
    for file in files:
        for place in (file, file.parent):
            try:
                changes.append(place.stat().st_mtime)
            except OSError:
                continue
            break
    return not 0 <= time.time() - max(changes, default=0.0) < SETTLED  # a change in the future is a clock that is wrong, not an edit


def shown(mistake: Mistake) -> str:
    """Without the folder: where the server keeps its files is not the callers' business."""
    return str(replace(mistake, file=Path(mistake.file).name))
