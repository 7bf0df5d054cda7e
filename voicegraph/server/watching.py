"""Tells of edited graphs as soon as they are saved. What a call gets does not hang on it: that is decided when the call starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from watchfiles import awatch

from voicegraph.server.catalogue import Catalogue
from voicegraph.server.versions import SETTLED, settled

STEP, LONGEST = 100, 400
"""Milliseconds without another change after which a batch of changes is looked at, and after which it is looked at anyway."""
MOST_LINKS = 40
"""Symbolic links on the way to a file, as Linux has it."""

log = logging.getLogger(__name__)


async def watch(catalogue: Catalogue) -> None:
    """Log new versions, mistakes, and graphs that come and go, until cancelled. For one process of a server."""
    news = News(catalogue)
    try:
        while True:
            await _until_elsewhere(news)
    # The operating system's own limits (inotify watches), which watchfiles tells in several ways.
    except (OSError, RuntimeError) as problem:
        log.warning("edited graphs are taken for the next call, but not told of here: %s", problem)


async def _until_elsewhere(news: News) -> None:
    """Watch for as long as the folders to watch stay the same; one that was removed and made anew is another one."""
    places = await asyncio.to_thread(news.places)
    batches = awatch(*places, watch_filter=None, step=STEP, debounce=LONGEST, rust_timeout=0, recursive=False)
    changed: set[Path] = set()
    while True:
        batch = asyncio.ensure_future(anext(batches))
        try:
            await asyncio.sleep(SETTLED)  # it watches now: what changes from here on gives another batch, what changed before is settled by then
            await asyncio.to_thread(news.look, changed)
            if changed & places or await asyncio.to_thread(news.places) != places:
                return
            changed = {Path(path) for _, path in await batch}
        except FileNotFoundError:
            return  # a folder went just before it could be watched
        finally:
            batch.cancel()
            await asyncio.wait([batch])


class News:
    """What has been told of a catalogue's graphs, and what is to be told next. Blocking."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: set[str] | None = None

    def look(self, changed: Collection[Path] = ()) -> None:
        """Tell what is new. A graph that was not used yet and comes with voicegraph is left alone unless its file is among those that changed."""
        first, known = self._known is None, self._known or set()
        graphs = {name: file for name, file in self._catalogue.graphs().items() if first or name in known or settled(file.files)}
        self._known = set(graphs)
        for name in sorted(known - graphs.keys()):
            log.info("%s is no longer offered", name)
        for name, file in graphs.items():
            if file.used or name in self._catalogue.found or file.path.absolute() in changed:
                file.refresh()
            if not first and name not in known:
                log.info("%s is offered now", name)
            if file.used:
                file.tell()

    def places(self) -> set[Path]:
        """The folders to watch."""
        files = [path for file in self._catalogue.graphs().values() for path in file.files]
        if self._catalogue.folder is not None:
            files.append(self._catalogue.folder / "*")
        return {folder for file in files for folder in folders(file)}


def folders(file: Path) -> Iterator[Path]:
    """Where a change of this file would show: its folder, that of each link on the way to it, and for a folder that is missing the nearest one that
    is there."""
    waiting = [file.absolute()]
    for _ in range(MOST_LINKS):
        if not waiting:
            return
        path = waiting.pop()
        yield next(folder for folder in path.parents if folder.is_dir())
        for part in (path, *path.parents):
            if part.is_symlink():
                yield part.parent
                waiting.append(part.parent / part.readlink() / path.relative_to(part))
