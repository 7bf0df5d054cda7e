"""The files that a graph is read from, noted while they are read: so a change is seen, and what was read has a name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

Stamp = tuple[int, int, int]
"""Time of the last change in ns, size, and inode, which an editor that saves by renaming changes."""


class Sources:
    """Every file that one load has asked for, missing ones too. Stamps are taken before reading: what changes meanwhile has changed since.

    drafts: texts to take for what these files hold, such as an edit that is not saved yet; the file need not exist."""

    def __init__(self, drafts: Mapping[Path, str] | None = None) -> None:
        self._drafts = {path: text.encode() for path, text in (drafts or {}).items()}
        self._stamps: dict[Path, Stamp | None] = {}
        self._contents = hashlib.sha256()

    @property
    def files(self) -> tuple[Path, ...]:
        """In the order in which they were asked for: the graph's own first."""
        return tuple(self._stamps)

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that stand for the contents of all of them."""
        return self._contents.hexdigest()[:8]

    def there(self, path: Path) -> bool:
        """Whether there is such a file, or a draft of it."""
        return path in self._drafts or path.is_file()

    def note(self, path: Path) -> None:
        """The load depends on whether this file is there."""
        self._stamps.setdefault(path, stamp(path))

    def read(self, path: Path) -> bytes:
        """The file's content. Raises OSError."""
        self.note(path)
        data = self._drafts[path] if path in self._drafts else path.read_bytes()
        self._contents.update(len(data).to_bytes(8, "big") + data)
        return data

    def changed(self) -> bool:
        """Whether any is another than the one that was read."""
        return any(stamp(path) != noted for path, noted in self._stamps.items())


def stamp(path: Path) -> Stamp | None:
    """What tells one state of a file from another, links followed; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
