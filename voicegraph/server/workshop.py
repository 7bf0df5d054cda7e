"""The graph files behind the page's editor: read, checked and written for the one developer at this machine."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from voicegraph.errors import BadRequest, GraphError, Mistake
from voicegraph.graph import shipped
from voicegraph.graph.description import describe
from voicegraph.graph.extent import extent
from voicegraph.graph.load import load
from voicegraph.graph.sources import Sources
from voicegraph.graph.spec import GraphSpec
from voicegraph.server.catalogue import Catalogue, what_is_missing

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Source:
    """A graph's file as it is now. etag: of its bytes, for HTTP's If-Match. locked: why it cannot be saved under its own name; None when it can."""

    name: str
    file: Path
    yaml: str
    etag: str
    locked: str | None

    def json(self) -> dict[str, Any]:
        return {"name": self.name, "file": str(self.file), "yaml": self.yaml, "etag": self.etag, "locked": self.locked}


class Workshop:
    """Everything here reads and writes files: call it off the event loop, `save` one at a time.

    folder: where new graphs are saved. sealed: a folder whose files are not anybody's to change, as in an installation.
    Every method raises BadRequest with a sentence.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, sealed: Path | None = None) -> None:
        self.folder = folder
        self._sealed = sealed
        self._catalogue = catalogue

    def source(self, name: str) -> Source:
        """The file of a graph."""
        file = self._catalogue.file(name)
        if file is None:
            raise BadRequest(f"There is no graph '{name}'.", 404)
        return self._source(name, file)

    def _source(self, name: str, file: Path) -> Source:
        try:
            data = file.read_bytes()
        except OSError as problem:
            raise BadRequest(f"{file} cannot be read: {problem.strerror}.", 409) from problem
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as problem:
            raise BadRequest(f"{file} is not UTF-8: save it as UTF-8 first.", 409) from problem
        return Source(name, file, text, _etag(data), self._locked(file))

    def check(self, name: str, text: str) -> dict[str, Any]:
        """Everything wrong in a text that may become this graph's file, without keeping anything: `mistakes`, `notes`, the `graph` when there are no
        mistakes, and as `problem` why it could not be called now."""
        file = self._file(name)
        try:
            spec = load(file, sources=Sources({file: text}))
        except GraphError as error:
            return {"mistakes": _places(error.mistakes, file, text), "notes": [], "graph": None, "problem": None}
        graph = describe(spec, settings=True)
        return {"mistakes": [], "notes": _places(spec.notes, file, text), "graph": graph, "problem": what_is_missing(spec)}

    def draft(self, name: str | None, text: str) -> GraphSpec:
        """What this graph (by default the one of a call that names none) would be with this text in its file, ready to run."""
        name = name or self._catalogue.default
        file = self._file(name)
        try:
            spec = load(file, sources=Sources({file: text}))
        except GraphError as error:
            raise BadRequest(f"The text has mistakes. The first, on line {error.mistakes[0].line}: {error.mistakes[0].message}", 409) from error
        if (missing := what_is_missing(spec)) is not None:
            raise BadRequest(missing, 409)
        return spec

    def save(self, name: str, text: str, etag: str | None) -> Source:
        """Write the file of this graph, if the text has no mistakes. etag: of the file that was edited, None for a new graph."""
        file = self._file(name)
        former = self._former(name, file, etag)
        if found := self.check(name, text)["mistakes"]:
            first = found[0]
            raise BadRequest(f"Not saved, the text has mistakes. The first, on line {first['line']}: {first['message']}", 422)
        try:
            _write(file, text, former)
        except OSError as problem:
            raise BadRequest(f"{file} cannot be written: {problem.strerror}.", 409) from problem
        self._catalogue.saved(name, file)
        return self._source(name, file)

    def _former(self, name: str, file: Path, etag: str | None) -> bytes | None:
        """What the file holds, once it is certain that it may be replaced."""
        if etag is None:
            if file.exists():
                raise BadRequest(f"There is a graph '{name}' already: choose another name.", 412)
            return None
        if (reason := self._locked(file)) is not None:
            raise BadRequest(reason, 403)
        former = file.read_bytes() if file.exists() else b""
        if _etag(former) != etag:
            raise BadRequest(f"{file.name} was changed in another editor since it was opened here.", 412)
        return former

    def _locked(self, file: Path) -> str | None:
        if self._sealed is not None and file.resolve().is_relative_to(self._sealed.resolve()):
            return f"'{file.stem}' comes with voicegraph, and an update would overwrite it: save it under another name."
        if file.exists() and not os.access(file, os.W_OK):
            return f"{file} may not be written by this user."
        return None

    def _file(self, name: str) -> Path:
        if (file := self._catalogue.file(name)) is not None:
            return file
        if _NAME.fullmatch(name) is None:
            raise BadRequest("A graph's name has letters, digits, - and _, at most 64 of them.")
        return self.folder / f"{name}.yaml"


def open_workshop(catalogue: Catalogue, folder: Path | None) -> Workshop | None:
    """The workshop of a server in developer mode, with the folder where it saves new graphs; None without."""
    return None if folder is None else Workshop(catalogue, folder, shipped.installed())


WORKSHOP = web.AppKey[Workshop | None]("workshop")
"""The application's, None unless it is in developer mode."""


def _places(mistakes: Iterable[Mistake], file: Path, text: str) -> list[dict[str, Any]]:
    """With the column where each ends. One that lies in another file, which this one extends, names that file."""
    places = []
    for each in mistakes:
        here = each.file == str(file)
        end = extent(text, each.line, each.column) if here else each.column + 1
        other = None if here else Path(each.file).name
        places.append({"line": each.line, "column": each.column, "end": end, "message": each.message, "file": other})
    return places


def _etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _write(file: Path, text: str, former: bytes | None) -> None:
    """Whole or not at all, so that nobody ever reads half a file. The former one's line ends, byte order mark and permissions are kept."""
    file = file.resolve()  # a symbolic link stays one
    if former is not None:
        before = former.decode("utf-8")
        text = (_BOM if before.startswith(_BOM) else "") + (text.replace("\n", "\r\n") if "\r\n" in before else text)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.chmod(file.stat().st_mode & 0o7777 if file.exists() else 0o666 & ~_umask())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """There is no way to ask for it but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
