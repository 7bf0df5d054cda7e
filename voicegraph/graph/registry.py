"""From what a file says after `use:` to a processor class.

A bare name is one of voicegraph's own processors or one that an installed package registers under the entry-point group
`voicegraph.processors`; it is never a local file. `./file.py:Class` is a file beside the graph, `package.module:Class` anything importable.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from voicegraph.frames import Frame
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor
from voicegraph.graph.report import closest, did_you_mean, listed
from voicegraph.graph.sources import Sources

GROUP = "voicegraph.processors"
_LOADING = RLock()
"""A module stands in `sys.modules` before it is complete: two graphs that use one file may be read by two threads."""
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class NotFound(Exception):
    """Nothing fits a `use`. The text is a sentence for the file's reader."""


class Registry:
    """Every processor that a graph can name. `package` holds voicegraph's own, one module each."""

    def __init__(self, package: str = "voicegraph.processors") -> None:
        self._package = package
        self._classes: dict[str, type[Processor]] = {}

    def find(self, use: str, folder: Path, sources: Sources | None = None) -> type[Processor]:
        """The class for a `use` that stands in a file of `folder`; `sources` learns of the Python file. Raises NotFound."""
        target, colon, name = use.rpartition(":")
        if not colon:
            return self._by_name(use)
        if target.endswith(".py"):
            path = folder / target
            return _class_of(_from_file(path, sources or Sources()), name, str(path))
        return _class_of(_from_package(target), name, target)

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        paths = importlib.import_module(self._package).__path__
        return tuple(sorted(module.name for module in pkgutil.iter_modules(paths) if not module.name.startswith("_")))

    @cached_property
    def _entry_points(self) -> Mapping[str, Sequence[EntryPoint]]:
        """What installed packages register, by name; nothing of it is imported before a graph names it."""
        points: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=GROUP):
            points.setdefault(point.name, []).append(point)
        return points

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every bare name, voicegraph's own first."""
        return (*self.own_names, *sorted(set(self._entry_points) - set(self.own_names)))

    @cached_property
    def catalogue(self) -> Mapping[str, type[Processor]]:
        """All of them that can be imported here, for suggestions, schemas and lists: the only place that imports them all."""
        return {name: cls for name in self.names if (cls := self._try(name)) is not None}

    def giving(self, kind: type[Frame]) -> list[str]:
        """The processors that make this kind of something else."""
        return [name for name, cls in self.catalogue.items() if _gives(cls, kind) and not _needs(cls, kind)]

    def taking(self, kind: type[Frame]) -> list[str]:
        """The processors that make something else of this kind."""
        return [name for name, cls in self.catalogue.items() if _takes(cls, kind) and not _gives(cls, kind)]

    def between(self, given: type[Frame], wanted: type[Frame]) -> list[str]:
        """The processors that make the wanted kind of the given one."""
        return [name for name, cls in self.catalogue.items() if _takes(cls, given) and _gives(cls, wanted)]

    def _try(self, name: str) -> type[Processor] | None:
        try:
            return self._by_name(name)
        except NotFound:
            return None

    def _by_name(self, name: str) -> type[Processor]:
        if name not in self._classes:
            self._classes[name] = self._import(name)
        return self._classes[name]

    def _import(self, name: str) -> type[Processor]:
        points = self._entry_points.get(name, ())
        if len(points) + (name in self.own_names) > 1:
            raise NotFound(self._clash(name, points))
        if points:
            return _registered(points[0])
        if name in self.own_names:
            return _only_class(_imported(f"{self._package}.{name}"), name)
        raise NotFound(self._unknown(name))

    def _clash(self, name: str, points: Sequence[EntryPoint]) -> str:
        owners = [*(["voicegraph itself"] if name in self.own_names else []), *map(_owner, points)]
        return f"'{name}' is what {listed(owners, 'and')} call a processor of theirs: write use: {points[-1].value}, or uninstall one"

    def _unknown(self, name: str) -> str:
        if name.endswith(".py") or "/" in name:
            return f"'{name}' names a file without its class: write {name if '/' in name else './' + name}:Class"
        if not _BARE.fullmatch(name):
            return f"'{name}' is not the name of a processor"
        same = name.replace("-", "_").lower()
        meant = same if same in self.names else closest(name, self.names)
        hint = f" (did you mean '{meant}'?)" if meant else f"; there are {listed(self.names, 'and')}" if self.names else ""
        return f"no processor is called '{name}'{hint}; one of your own is written ./file.py:Class"


def function_of(use: str, folder: Path, sources: Sources) -> Callable[..., Any]:
    """What `./file.py:function` in a file of `folder` names, or `package.module:function`; `sources` learns of the file. Raises NotFound."""
    target, colon, name = use.rpartition(":")
    if not colon:
        raise NotFound(f"'{use}' names no function: write ./file.py:function or package.module:function")
    module = _from_file(folder / target, sources) if target.endswith(".py") else _from_package(target)
    found: object = vars(module).get(name)
    if not callable(found):
        there = [each for each, value in vars(module).items() if inspect.isfunction(value) and not each.startswith("_")]
        hint = did_you_mean(name, there) or (f": it has {listed(there, 'and')}" if there else "")
        raise NotFound(f"{target} has no function '{name}'{hint}")
    return found


def _gives(cls: type[Processor], kind: type[Frame]) -> bool:
    return any(issubclass(out.kind, kind) for out in cls.contract.outs.values() if not out.like)


def _needs(cls: type[Processor], kind: type[Frame]) -> bool:
    """Whether it needs the kind to give it."""
    return any(_fits(kind, port) for port in cls.contract.ins.values())


def _takes(cls: type[Processor], kind: type[Frame]) -> bool:
    return not cls.observer and any(_fits(kind, port) for port in cls.contract.ins.values() if not port.feedback)


def _fits(kind: type[Frame], port: In[Any]) -> bool:
    return issubclass(kind, port.kind)


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    # Somebody's code runs here, and whatever it raises is to be told at the line that names it.
    except (Exception, SystemExit) as problem:
        raise NotFound(f"{name} cannot be imported: {_told(problem, None)}") from problem


def _registered(point: EntryPoint) -> type[Processor]:
    """The class that a package has registered, whatever that takes."""
    try:
        if not point.attr:
            raise NotFound(f"it is registered without its class, as {point.value} and not as {point.value}:Class")
        return _class_of(_from_package(point.module), point.attr, point.module)
    except NotFound as problem:
        raise NotFound(f"'{point.name}' of {_owner(point)} cannot be used: {problem}") from problem


def _owner(point: EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist is not None else point.value


def _from_package(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise NotFound(f"'{name}' is neither a file (./file.py:Class) nor a module (package.module:Class)")
    return _imported(name)


def _from_file(path: Path, sources: Sources) -> ModuleType:
    """The file as a module of its own per content: a call that runs keeps its classes when the file is edited."""
    try:
        source = sources.read(path)
    except OSError as problem:
        raise NotFound(f"{path} cannot be read: {problem.strerror or problem}") from problem
    digest = hashlib.sha256(str(path.resolve()).encode() + b"\0" + source).hexdigest()[:16]
    with _LOADING:
        return _module(f"voicegraph_file_{digest}", path, source)


def _module(name: str, path: Path, source: bytes) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and type hints look their module up here
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    # The reader's own code: a mistake in it is a mistake at the line that names it.
    except (Exception, SystemExit) as problem:
        del sys.modules[name]
        raise NotFound(f"{path} cannot be loaded: {_told(problem, path)}") from problem
    return module


def _told(problem: BaseException, path: Path | None) -> str:
    """`ZeroDivisionError on line 3: division by zero`."""
    if isinstance(problem, SyntaxError):
        return f"SyntaxError on line {problem.lineno}: {problem.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if path is not None and frame.filename == str(path)]
    where = f" on line {lines[-1]}" if lines else ""
    first = str(problem).partition("\n")[0]
    return f"{type(problem).__name__}{where}{': ' + first if first else ''}"


def _processors(module: ModuleType) -> Iterator[type[Processor]]:
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, Processor) and value is not Processor:
            yield value


def _only_class(module: ModuleType, name: str) -> type[Processor]:
    """The processor that a module of this name defines: the one called like the module where there are helpers beside it."""
    own = [cls for cls in _processors(module) if cls.__module__ == module.__name__ and not cls.__name__.startswith("_")]
    same = [cls for cls in own if cls.__name__.lower() == name.replace("_", "")]
    found = same or own
    if len(found) != 1:
        raise NotFound(f"'{name}' is part of voicegraph, and no processor")
    return found[0]


def _class_of(module: ModuleType, name: str, target: str) -> type[Processor]:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, Processor) and found is not Processor:
        return found
    there = [cls.__name__ for cls in _processors(module) if cls.__module__ == module.__name__]
    offer = f" (it has {listed(there, 'and')})" if there else ""
    if found is None:
        raise NotFound(f"{target} has no class '{name}'{offer}")
    raise NotFound(f"'{name}' in {target} is not a Processor{offer}")
