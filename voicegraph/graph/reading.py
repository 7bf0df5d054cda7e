"""From the values of a file to what pydantic validates: variables filled in, each scalar read as the option's type wants it."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from voicegraph.graph.document import Entry, Fields, Items, Node, Scalar
from voicegraph.graph.environment import expand, is_reference
from voicegraph.graph.registry import NotFound, function_of
from voicegraph.graph.report import Report
from voicegraph.graph.settings import Header
from voicegraph.graph.sources import Sources

LEFT_OUT = object()
"""In place of a value whose variable is empty."""
_CREDENTIAL = re.compile(r"authorization|cookie|key|token|secret|password|signature", re.IGNORECASE)
"""Names of headers that hold something which no file is a place for."""


class Reader:
    """Reads options. What a variable lacks goes to the report. sources: learns of the Python files of functions."""

    def __init__(self, environ: Mapping[str, str], report: Report, sources: Sources) -> None:
        self._environ = environ
        self._report = report
        self._sources = sources

    def options(self, entries: Mapping[str, Entry], model: type[BaseModel], node: str) -> tuple[dict[str, object], set[str]]:
        """The values by option, and the options that could not be read (their mistakes are in the report already)."""
        values: dict[str, object] = {}
        failed: set[str] = set()
        for key, entry in entries.items():
            before = len(self._report.mistakes)
            value = self._read(entry.value, inner(model, key), f"{node}.{key}")
            if len(self._report.mistakes) > before:
                failed.add(key)
            elif value is not LEFT_OUT:
                values[key] = value
            elif is_secret(inner(model, key)) and model.model_fields[key].is_required():
                values[key] = ""  # only a note: the graph is right, this machine has no key
        return values, failed

    def text(self, scalar: Scalar) -> str | None:
        """A value that is no option (`use`, `from`): None when it is left out or cannot be had."""
        expansion = expand(scalar.text, self._environ)
        if problem := expansion.problem():
            self._report.mistake(scalar.position, problem)
            return None
        return expansion.text or None

    def _read(self, node: Node, annotation: object, label: str) -> object:
        match node:
            case Scalar():
                return self._scalar(node, annotation, label)
            case Items():
                items = (self._read(item, inner(annotation, None), f"{label}[{at}]") for at, item in enumerate(node.items))
                return [item for item in items if item is not LEFT_OUT]
            case Fields():
                pairs = ((key, self._read(entry.value, inner(annotation, key), f"{label}.{key}")) for key, entry in node.entries.items())
                return {key: value for key, value in pairs if value is not LEFT_OUT}

    def _scalar(self, scalar: Scalar, annotation: object, label: str) -> object:
        if scalar.null:
            return None
        if is_secret(annotation) or (Header in atoms(annotation) and ("${" in scalar.text or _CREDENTIAL.search(label.rpartition(".")[2]))):
            return self._secret(scalar, label, alone=is_secret(annotation))
        if Header in atoms(annotation):
            return scalar.text
        expansion = expand(scalar.text, self._environ)
        if problem := expansion.problem():
            self._report.mistake(scalar.position, problem)
            return LEFT_OUT
        if expansion.left_out:
            return LEFT_OUT
        if Path in atoms(annotation):
            return str(Path(scalar.position.file).parent / expansion.text)
        if Callable in atoms(annotation):
            return self._found(scalar, expansion.text)
        value = scalar.written()
        as_text = expansion.text != scalar.text or isinstance(value, str) or _wants_text(annotation, value)
        return expansion.text if as_text else value

    def _found(self, scalar: Scalar, text: str) -> object:
        try:
            return function_of(text, Path(scalar.position.file).parent, self._sources)
        except NotFound as problem:
            self._report.mistake(scalar.position, str(problem) if text == scalar.text else f"{scalar.text} stands for no function that can be loaded")
            return LEFT_OUT

    def _secret(self, scalar: Scalar, label: str, alone: bool) -> object:
        """alone: nothing may stand beside the variable, as in `Bearer ${TOKEN}`."""
        if not is_reference(scalar.text) and (alone or "${" not in scalar.text):
            name = re.sub(r"\W", "_", label.rpartition(".")[2].upper())
            way_out = f"write ${{{name}}} and set {name} in the environment"
            self._report.mistake(scalar.position, f"'{label}' is a secret, and this file is no place for it: {way_out}")
            return LEFT_OUT
        expansion = expand(scalar.text, self._environ)
        if expansion.broken and (problem := expansion.problem()):
            self._report.mistake(scalar.position, problem)
        if expansion.unset:
            self._report.note(scalar.position, f"{expansion.unset[0]} is not set: '{label}' is left out")
            return LEFT_OUT
        return expansion.text or LEFT_OUT


def _wants_text(annotation: object, value: object) -> bool:
    """`voice: 007` is a text where the option is one, and `true` is no number."""
    kinds = atoms(annotation)
    if isinstance(value, bool):
        return bool(kinds & {str, int, float}) and not kinds & {bool, Any}
    return str in kinds and not kinds & {int, float, Any}


def atoms(annotation: object) -> set[object]:
    """The types that a value may have, unions and Annotated taken apart; a container stands for itself."""
    found: set[object] = set()
    for part in parts(annotation):
        if get_origin(part) is Literal:
            found |= {type(value) for value in get_args(part)}
        else:
            found.add(get_origin(part) or part)
    return found


def parts(annotation: object) -> Iterator[Any]:
    """The members of a union; anything else alone."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from parts(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from parts(member)
    else:
        yield annotation


def inner(annotation: object, key: str | None) -> object:
    """The type of what stands inside: under `key` of a mapping or model, in a list with None. Any where nothing is known of it."""
    for part in parts(annotation):
        origin = get_origin(part) or part
        if isinstance(origin, type) and issubclass(origin, BaseModel):
            if key in origin.model_fields:
                return origin.model_fields[key].annotation
        elif get_args(part) and origin is not Literal and isinstance(origin, type) and issubclass(origin, Mapping) == (key is not None):
            return get_args(part)[-1 if key is not None else 0]
    return Any


def is_secret(annotation: object) -> bool:
    return SecretStr in atoms(annotation)
