"""The graphs that a server offers: which there are, which one a call gets, and whether they could run now."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from voicegraph.errors import BadRequest, GraphError, VoicegraphError
from voicegraph.graph.host import Host
from voicegraph.graph.load import load
from voicegraph.graph.report import did_you_mean, listed
from voicegraph.graph.shipped import about, names
from voicegraph.graph.spec import GraphSpec, NodeSpec
from voicegraph.mistral.client import has_key
from voicegraph.mistral.settings import MistralSettings
from voicegraph.server.client_settings import offered
from voicegraph.server.versions import GraphFile, settled, shown

WITH_KEY, WITHOUT_KEY = "voxtral", "local"
"""The graphs that a call gets when nobody chose one."""


class CatalogueError(VoicegraphError):
    """What is to be offered cannot be."""


class Catalogue:
    """files: name → file; folder: a folder of which every graph is offered, whichever it holds at the moment.

    default: the graph of a call that names none, why: a sentence that says why it is that one; without them the first of the folder.
    A file that was changed is read again for the next call, in whichever process takes it; `watching.watch` only tells of it.
    """

    def __init__(self, files: Mapping[str, Path], default: str = "", why: str = "", *, folder: Path | None = None) -> None:
        self.chosen = default
        self.chosen_because = why
        self._fixed = {name: GraphFile(path) for name, path in files.items()}
        self.folder = folder
        self.found: Mapping[str, GraphFile] = {}
        """What the folder had when it was last looked at."""
        self._lock = Lock()

    @property
    def files(self) -> Mapping[str, Path]:
        """Those that were named one by one."""
        return {name: file.path for name, file in self._fixed.items()}

    @property
    def default(self) -> str:
        return self.chosen or _first(self.graphs())

    @property
    def why(self) -> str:
        return self.chosen_because or f"it is the first in {self.folder}"

    def graphs(self) -> Mapping[str, GraphFile]:
        """What is offered now."""
        with self._lock:
            if self.folder is not None:
                there = graph_files(self.folder)
                away = {name: file for name, file in self.found.items() if name not in there}
                kept = {name: file for name, file in away.items() if not settled([file.path])}  # between the two steps of a save by renaming
                self.found = {name: self.found.get(name) or GraphFile(path) for name, path in there.items()} | kept
            return {**self.found, **self._fixed}

    async def spec(self, name: str | None = None) -> GraphSpec:
        """The graph of this name, ready to run. Raises BadRequest for one that is unknown or cannot run now."""
        return await asyncio.to_thread(self._spec, name)

    async def checked(self, name: str | None = None) -> GraphSpec:
        """The graph of this name, whether or not a key or a package is missing. Raises BadRequest for one that is unknown or was never right."""
        return await asyncio.to_thread(self._checked, name)

    def file(self, name: str) -> Path | None:
        """The file of a graph, if it is offered."""
        found = self.graphs().get(name)
        return found.path if found is not None else None

    def saved(self, name: str, file: Path) -> None:
        """This file has just been written, to its end: it is offered, and the next call gets it. Blocking."""
        graphs = self.graphs()
        if name not in graphs:
            graphs = self._fixed = {**self._fixed, name: GraphFile(file)}
        graphs[name].refresh(whole=True)

    async def listing(self) -> list[dict[str, Any]]:
        """Every graph, for the page and for people: `ready` says whether it could run now, `problem` why not, `version` what would run.

        `mistakes` are the file's as it is now: with some, a graph that was right before goes on in its last version.
        """
        return await asyncio.to_thread(self._listing)

    async def warm(self, host: Host) -> None:
        """Do what the first call would wait for, once the server listens."""
        try:
            spec = await self.spec()
        except BadRequest:
            return  # whoever calls will be told
        choices = [choice for node in spec.nodes for choice in node.choices]
        await asyncio.gather(*(choice.processor.warm(choice.settings, host.shared) for choice in choices), return_exceptions=True)

    def _spec(self, name: str | None) -> GraphSpec:
        spec = self._checked(name)
        if (missing := what_is_missing(spec)) is not None:
            raise BadRequest(missing, 409)
        return spec

    def _checked(self, name: str | None) -> GraphSpec:
        graphs = self.graphs()
        if not graphs:
            raise BadRequest("This server has no graph yet.", 404)
        name = name or self.chosen or _first(graphs)
        if name not in graphs:
            raise BadRequest(f"There is no graph '{name}'{did_you_mean(name, graphs)}: choose {listed(sorted(graphs))}.", 404)
        try:
            return graphs[name].spec()
        except GraphError as problem:
            raise BadRequest(f"The graph '{name}' cannot run: {shown(problem.mistakes[0])}", 409) from problem

    def _listing(self) -> list[dict[str, Any]]:
        graphs = self.graphs()
        default = self.chosen or _first(graphs)
        return [_entry(name, file, name == default) for name, file in sorted(graphs.items())]


def _first(graphs: Mapping[str, GraphFile]) -> str:
    return min(graphs, default="")


def _entry(name: str, file: GraphFile, default: bool) -> dict[str, Any]:
    file.refresh()
    version = file.version
    problem = what_is_missing(version.spec) if version else "The file has mistakes."
    return {
        "name": name,
        "about": version.spec.about if version else about(file.path),
        "default": default,
        "ready": problem is None,
        "problem": problem,
        "mistakes": list(map(shown, file.mistakes)),
        "settings": list(offered(version.spec)) if version else [],
        "version": {"number": version.number, "hash": version.spec.version, "since": f"{version.since:%Y-%m-%dT%H:%M:%SZ}"} if version else None,
    }


def graph_files(folder: Path) -> dict[str, Path]:
    """The graphs of a folder by name. What begins with `_` is only for others to extend, with `.` an editor's; `.yaml` counts before `.yml`."""
    files = [file for suffix in ("*.yml", "*.yaml") for file in sorted(folder.glob(suffix)) if not file.name.startswith(("_", "."))]
    return {file.stem: file for file in files}


def open_catalogue(graph: str | None = None, folder: Path | None = None) -> Catalogue:
    """The graphs of a folder, or the shipped ones; and `graph`, a file or a name, which a call gets that names none.

    Raises GraphError for a mistake in it, which is better told now than to the first caller, and CatalogueError.
    """
    if folder is not None and not folder.is_dir():
        raise CatalogueError(f"{folder} is no folder: --graphs takes one with graph files in it, and --graph takes a file.")
    if graph is not None and Path(graph).is_dir():
        raise CatalogueError(f"{graph} is a folder: write --graphs {graph}.")
    offered = dict(names()) if folder is None else {}
    if graph is None:
        default, why = choose() if folder is None else ("", "")
        return Catalogue(offered, default, why, folder=folder)
    if folder is not None and graph in graph_files(folder):
        load(graph_files(folder)[graph])
        return Catalogue(offered, graph, "it was chosen", folder=folder)
    spec = load(graph)
    return Catalogue({**offered, spec.name: spec.file}, spec.name, "it was chosen", folder=folder)


def choose() -> tuple[str, str]:
    """The shipped graph that a call gets when nobody chose one, and why it is that one."""
    if has_key():
        return WITH_KEY, "there is a key for Mistral"
    return WITHOUT_KEY, "MISTRAL_API_KEY is not set, so everything runs on this machine"


def what_is_missing(spec: GraphSpec) -> str | None:
    """A sentence when a node of this graph needs a key or a package that is not there, and none of its stand-ins can do without."""
    return next((sentence for node in spec.nodes if (sentence := _missing(node))), None)


def _missing(node: NodeSpec) -> str | None:
    missing = _missing_package(node) or _missing_key(node)
    return missing if node.otherwise is None or _missing(node.otherwise) else None


def _missing_package(node: NodeSpec) -> str | None:
    for module, extra in node.processor.needs.items():
        if find_spec(module) is None:
            return f"'{node.name}' needs the package {module}: pip install 'voicegraph[{extra}]'."
    return None


def _missing_key(node: NodeSpec) -> str | None:
    settings = node.settings
    if has_key() or os.environ.get("MISTRAL_BASE_URL") or not isinstance(settings, MistralSettings):
        return None
    if settings.api_key is not None or settings.base_url is not None:
        return None
    way_out = f"start the server with MISTRAL_API_KEY set, or call a graph that needs none, such as {WITHOUT_KEY}"
    return f"'{node.name}' needs a key for Mistral: {way_out}."
