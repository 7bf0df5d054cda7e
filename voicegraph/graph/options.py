"""A node's options against its processor's Settings, and pydantic's findings in sentences that name the option, the line and the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from voicegraph.graph.document import Entry, Fields, Items, Node, Scalar
from voicegraph.graph.reading import Reader, inner, parts
from voicegraph.graph.report import Report, closest, did_you_mean, listed
from voicegraph.graph.settings import STRUCTURE, WRITTEN, Settings, format_duration
from voicegraph.graph.spec import Position

_UNITS = {"ms": "ms", "s": "s", "sec": "s", "seconds": "s", "milliseconds": "ms", "db": "dB"}
_WANTS = {
    "int_": "a whole number",
    "float_": "a number",
    "finite_": "a number",
    "bool_": "true or false",
    "string_type": "a text",
    "path_type": "a path",
    "list_": "a list",
    "tuple_": "a list",
    "set_": "a list",
    "dict_": "a mapping",
    "mapping_": "a mapping",
    "model_": "a mapping",
    "dataclass_": "a mapping",
    "url_": "a URL such as https://example.com",
}
_BOUNDS = {
    "greater_than_equal": ("at least {}", "ge"),
    "greater_than": ("more than {}", "gt"),
    "less_than_equal": ("at most {}", "le"),
    "less_than": ("less than {}", "lt"),
    "multiple_of": ("a multiple of {}", "multiple_of"),
    "string_too_short": ("at least {} characters", "min_length"),
    "string_too_long": ("at most {} characters", "max_length"),
    "too_short": ("at least {} entries", "min_length"),
    "too_long": ("at most {} entries", "max_length"),
    "string_pattern_mismatch": ("a text of the form {}", "pattern"),
}


def check_options(node: str, at: Position, entries: Mapping[str, Entry], model: type[Settings], reader: Reader, report: Report) -> Settings | None:
    """The node's settings, or None and what is wrong in `report`. `at` is where the node's name stands."""
    options = {key: entry for key, entry in entries.items() if key not in STRUCTURE}
    values, failed = reader.options(options, model, node)
    try:
        settings = model.model_validate(values, context=WRITTEN)
    except ValidationError as problem:
        tree = Fields(options, at)
        errors = [error for error in problem.errors(include_url=False, include_input=False) if not (error["loc"] and error["loc"][0] in failed)]
        _tell(node, tree, model, errors, report)
        return None
    # A validator of somebody's processor may raise anything; here it is a mistake of this node.
    except Exception as problem:  # noqa: BLE001
        report.mistake(at, f"the settings of '{node}' could not be checked: {type(problem).__name__} in {model.__module__}.{model.__qualname__}")
        return None
    return None if failed else settings


@dataclass(frozen=True, slots=True)
class _Spot:
    """The place in the tree that an error speaks of."""

    label: str
    key: Position
    value: Node
    annotation: object


def _tell(node: str, tree: Fields, model: type[BaseModel], errors: Sequence[ErrorDetails], report: Report) -> None:
    wanted: dict[tuple[Position, str], tuple[_Spot, list[str]]] = {}
    strange = [str(error["loc"][-1]) for error in errors if error["type"] == "extra_forbidden"]
    for error in errors:
        spot = _spot(node, tree, model, error["loc"])
        if error["type"] == "missing" and any(closest(key, [str(error["loc"][-1])]) for key in strange):
            continue  # it is there, misspelt, and that is told
        if error["type"] == "missing":
            report.mistake(spot.key, f"'{spot.label}' needs {error['loc'][-1]}:")
        elif error["type"] == "extra_forbidden":
            report.mistake(spot.key, _unknown(spot, tree if len(error["loc"]) == 1 else None, _around(model, error["loc"])))
        elif not error["loc"]:
            report.mistake(spot.key, f"'{spot.label}': {_reason(error)}")
        elif (want := _want(error, spot.value)) is not None:
            wanted.setdefault((spot.value.position, spot.label), (spot, []))[1].append(want)
        else:
            report.mistake(spot.value.position, _refused(spot, _reason(error)))
    labels = [label for _, label in wanted]
    for spot, wants in wanted.values():
        if any(label.startswith((f"{spot.label}.", f"{spot.label}[")) for label in labels):
            continue  # one form of the option fits so far, and what is wrong stands further in
        report.mistake(spot.value.position, f"'{spot.label}' wants {listed(dict.fromkeys(wants))}, not {_shown(spot.value)}{_meant(spot)}")


def _spot(node: str, tree: Fields, model: type[BaseModel], loc: tuple[int | str, ...]) -> _Spot:
    """Walk down as far as the file goes; the names of union members in `loc` are no steps."""
    spot = _Spot(node, tree.position, tree, model)
    for step in loc:
        here = spot.value
        if isinstance(here, Fields) and step in here.entries:
            entry = here.entries[str(step)]
            spot = _Spot(f"{spot.label}.{step}", entry.position, entry.value, inner(spot.annotation, str(step)))
        elif isinstance(here, Items) and isinstance(step, int) and step < len(here.items):
            item = here.items[step]
            spot = _Spot(f"{spot.label}[{step}]", item.position, item, inner(spot.annotation, None))
    return spot


def _around(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The options that stand beside the last step of `loc`."""
    annotation: object = model
    for step in loc[:-1]:
        annotation = inner(annotation, step if isinstance(step, str) else None)
    models = [part for part in parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
    return [name for found in models for name in found.model_fields]


def _unknown(spot: _Spot, top: Fields | None, known: list[str]) -> str:
    where, _, key = spot.label.rpartition(".")
    said = f"'{where}' has no option '{key}'"
    stem, _, unit = key.rpartition("_")
    if unit.lower() in _UNITS and isinstance(spot.value, Scalar) and (meant := stem if stem in known else closest(stem, known)):
        return f"{said}: write {meant}: {spot.value.text}{_UNITS[unit.lower()]}"
    if ":" in key:
        return f"{said}: put a space after the colon"
    if hint := did_you_mean(key, known) or did_you_mean(key, STRUCTURE if top else (), 0.75):
        return said + hint
    return f"{said}; it has {listed(known, 'and')}" if known else f"{said}; it takes none"


def _want(error: ErrorDetails, value: Node) -> str | None:
    """What the option takes, as words that follow "wants"; None where only pydantic's or the validator's own sentence will do."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return f"{context['expected']}"
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return words.format(_with_unit(context[name], value))
    return next((words for start, words in _WANTS.items() if kind.startswith(start)), None)


def _with_unit(bound: Any, value: Node) -> str:
    """The bound as its reader writes it: with the unit that the value has."""
    text = value.text.strip() if isinstance(value, Scalar) else ""
    if isinstance(bound, (int, float)) and re.search(r"\d\s*(ms|s|min)$", text):
        return format_duration(float(bound))
    if isinstance(bound, (int, float)) and text.endswith("dB"):
        return f"{bound:g}dB"
    return f"{bound:g}" if isinstance(bound, float) else f"{bound}"


def _meant(spot: _Spot) -> str:
    if not isinstance(spot.value, Scalar):
        return ""
    choices = [str(choice) for part in parts(spot.annotation) for choice in getattr(part, "__args__", ()) if isinstance(choice, str)]
    return did_you_mean(spot.value.text, choices)


def sentence_of(error: ErrorDetails) -> str:
    """What pydantic found, without its own words before a validator's."""
    return re.sub(r"^(Value error|Assertion failed), ", "", error["msg"])


def _reason(error: ErrorDetails) -> str:
    sentence = sentence_of(error)
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _refused(spot: _Spot, reason: str) -> str:
    """A validator's own sentence may quote the value: it is not repeated where the value came from the environment."""
    if isinstance(spot.value, Scalar) and "${" in spot.value.text:
        return f"'{spot.label}' cannot take what {spot.value.text} stands for"
    return f"'{spot.label}': {reason}"


def _shown(value: Node) -> str:
    match value:
        case Fields():
            return "a mapping"
        case Items():
            return "a list"
        case Scalar():
            text = value.text if len(value.text) <= 40 else value.text[:37] + "…"
            return "null" if value.null else f"'{text}'" if isinstance(value.written(), str) else text
