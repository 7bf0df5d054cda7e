"""`allow:` — what a client may set for its own session: `node.option:` and a list, {min, max}, {max_length}, {pattern} or `any`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from pydantic.errors import PydanticUserError

from voicegraph.graph.document import Entry, Fields, Items, Node, Scalar
from voicegraph.graph.report import Report, did_you_mean, listed
from voicegraph.graph.setting import Schema, Setting, setting_of
from voicegraph.graph.spec import NodeSpec

_NEVER = re.compile(r"(^|_)(model|models|url|path|file|script|key|host|id|headers|command|tools|mcp)$")
_NEVER_FORMATS = ("path", "file-path", "directory-path", "password", "uri", "uri-template", "function")
"""What JSON Schema calls the values of files, secrets, addresses and functions."""
_SHAPES = ("type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const")
"""One of these is in every schema but that of anything."""


def check_allow(allow: Mapping[str, Entry], nodes: Mapping[str, NodeSpec], named: set[str], report: Report) -> None:
    """Every entry must name an option that a client may touch, and limit it to values that the option takes.

    `named`: all nodes, those included whose own mistakes have been told.
    """
    for key, entry in allow.items():
        name, dot, option = key.partition(".")
        if not dot:
            report.mistake(entry.position, f"'{key}' is not node.option")
        elif name not in named:
            report.mistake(entry.position, f"no node '{name}'{did_you_mean(name, named)}")
        elif name in nodes:
            _check_option(nodes[name], option, entry, report)


def _check_option(node: NodeSpec, option: str, entry: Entry, report: Report) -> None:
    try:
        setting = setting_of(node, option)
    except LookupError as problem:
        report.mistake(entry.position, str(problem))
        return
    if any(map(_NEVER.search, setting.fields)) or _is_closed(setting):
        belongs = "secrets, models, tools, files, addresses and what takes anything are the graph's alone"
        report.mistake(entry.position, f"'{setting.label}' is not for clients: {belongs}")
    elif not setting.has_place():
        report.mistake(entry.position, f"'{setting.label}' stands in nothing: this graph has one value for '{setting.label.rpartition('.')[0]}'")
    else:
        _check_limits(setting, entry.value, report)


def _is_closed(setting: Setting) -> bool:
    """Whether the type of a value, or of anything in it, is none that clients may give."""
    try:
        return any(map(_is_never, _schemas(setting.taker().json_schema())))
    except PydanticUserError:  # it has no JSON form, so no client can send it
        return True


def _is_never(schema: Schema) -> bool:
    is_anything = schema.get("additionalProperties") is True or not any(shape in schema for shape in _SHAPES)
    return is_anything or schema.get("format") in _NEVER_FORMATS or any(map(_NEVER.search, schema.get("properties", ())))


def _schemas(schema: Schema) -> Iterator[Schema]:
    """The schema and all that stand in it."""
    yield schema
    inside = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ()), *schema.get("prefixItems", ())]
    inside += [part for name in ("properties", "patternProperties", "$defs") for part in schema.get(name, {}).values()]
    inside += [part for name in ("items", "additionalProperties") if isinstance(part := schema.get(name), Mapping)]
    for part in inside:
        yield from _schemas(part)


def _check_limits(setting: Setting, value: Node, report: Report) -> None:
    forms = "a list, {min: …, max: …}, {max_length: …}, {pattern: …} or any"
    match value:
        case Items():
            _check_values(setting, value, report)
        case Fields() if value.entries and set(value.entries) <= set(_LIMITS):
            for entry in value.entries.values():
                is_bound = entry.key in ("min", "max") and _is_number(setting.taken(entry.value.written()))
                if not is_bound and not _LIMITS[entry.key][0](entry.value.written()):
                    report.mistake(entry.value.position, f"{entry.key}: takes {_LIMITS[entry.key][1]}")
        case Fields():
            unknown = [key for key in value.entries if key not in _LIMITS]
            hint = f"{listed(unknown)} is none of {listed(_LIMITS)}" if unknown else f"this is empty: write {forms}"
            report.mistake(value.position, hint)
        case Scalar() if value.text != "any":
            report.mistake(value.position, f"what a client may set is {forms}")
        case _:
            pass


def _check_values(setting: Setting, values: Items, report: Report) -> None:
    for item in values.items:
        if not setting.takes(item.written()):
            report.mistake(item.position, f"'{setting.label}' does not take {item.written()!r}")


def bound(setting: Setting, limit: object) -> float:
    """`min` or `max` as a number: 0.5, or with the unit of the option, `500ms`."""
    taken = setting.taken(limit)
    return float(str(taken if _is_number(taken) else limit))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_length(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_pattern(value: object) -> bool:
    try:
        re.compile(value if isinstance(value, str) else "[")
    except re.error:
        return False
    return True


_LIMITS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "min": (_is_number, "a number, with its unit where the option has one"),
    "max": (_is_number, "a number, with its unit where the option has one"),
    "max_length": (_is_length, "a whole number above 0"),
    "pattern": (_is_pattern, "a regular expression"),
}
