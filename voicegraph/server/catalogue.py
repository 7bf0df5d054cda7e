"""The graphs that a server offers: which there are, which one a call gets, and whether they could run now."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voicegraph.errors import BadRequest, GraphError, Mistake
from voicegraph.graph.host import Host
from voicegraph.graph.load import load
from voicegraph.graph.report import did_you_mean, listed
from voicegraph.graph.shipped import about
from voicegraph.graph.spec import GraphSpec, NodeSpec
from voicegraph.mistral.client import KEY_VARIABLES
from voicegraph.mistral.settings import MistralSettings

WITH_KEY, WITHOUT_KEY = "voxtral", "local"
"""The graphs that a call gets when nobody chose one."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    spec: GraphSpec
    stamps: tuple[int, ...]


class Catalogue:
    """graphs: name → file. default: the graph of a call that names none, why: a sentence that says why it is that one.

    A file that was changed is read again for the next call; calls that run keep what they were started with.
    """

    def __init__(self, graphs: Mapping[str, Path], default: str, why: str) -> None:
        self.default = default
        self.why = why
        self.graphs = dict(graphs)
        self._loaded: dict[str, _Loaded] = {}

    async def spec(self, name: str | None = None) -> GraphSpec:
        """The graph of this name, ready to run. Raises BadRequest for one that is unknown or cannot run now."""
        name = name or self.default
        if name not in self.graphs:
            raise BadRequest(f"There is no graph '{name}'{did_you_mean(name, self.graphs)}: choose {listed(sorted(self.graphs))}.", 404)
        try:
            spec = await asyncio.to_thread(self._current, name)
        except GraphError as problem:
            raise BadRequest(f"The graph '{name}' cannot run: {_shown(problem.mistakes[0])}", 409) from problem
        if (missing := what_is_missing(spec)) is not None:
            raise BadRequest(missing, 409)
        return spec

    async def listing(self) -> list[dict[str, Any]]:
        """Every graph, for the page and for people: `ready` says whether it could run now, `problem` why not."""
        return await asyncio.to_thread(lambda: [self._entry(name) for name in sorted(self.graphs)])

    async def warm(self, host: Host) -> None:
        """Do what the first call would wait for, once the server listens."""
        try:
            spec = await asyncio.to_thread(self._current, self.default)
        except GraphError:
            return  # whoever calls will be told
        if what_is_missing(spec) is None:
            await asyncio.gather(*(node.processor.warm(node.settings, host.shared) for node in spec.nodes), return_exceptions=True)

    def _current(self, name: str) -> GraphSpec:
        loaded = self._loaded.get(name)
        if loaded is None or _stamps(loaded.spec.base_files) != loaded.stamps:
            spec = load(str(self.graphs[name]))
            loaded = self._loaded[name] = _Loaded(spec, _stamps(spec.base_files))
        return loaded.spec

    def _entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": name, "about": about(self.graphs[name]), "default": name == self.default, "mistakes": []}
        try:
            problem = what_is_missing(self._current(name))
        except GraphError as error:
            entry["mistakes"] = [_shown(mistake) for mistake in error.mistakes]
            problem = "The file has mistakes."
        return entry | {"ready": problem is None, "problem": problem}


def choose(chosen: str | None) -> tuple[str, str]:
    """The default graph and why it is that one. `chosen`: by the person who starts the server."""
    if chosen is not None:
        return chosen, "it was chosen"
    if has_key():
        return WITH_KEY, "there is a key for Mistral"
    return WITHOUT_KEY, "MISTRAL_API_KEY is not set, so everything runs on this machine"


def has_key() -> bool:
    """Whether Mistral's models can be used: only asked, never shown."""
    return any(map(os.environ.get, KEY_VARIABLES))


def what_is_missing(spec: GraphSpec) -> str | None:
    """A sentence when a node of this graph needs a key or a package that is not there."""
    return next((sentence for node in spec.nodes if (sentence := _missing_package(node) or _missing_key(node))), None)


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


def _shown(mistake: Mistake) -> str:
    """Without the folder: where the server keeps its files is not the callers' business."""
    return str(replace(mistake, file=Path(mistake.file).name))


def _stamps(files: tuple[Path, ...]) -> tuple[int, ...]:
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
