"""`allow:` — what a client may set for its own session: `node.option:` and a list, {min, max}, {max_length}, {pattern} or `any`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pydantic import TypeAdapter, ValidationError

from voicegraph.graph.document import Entry, Fields, Items, Node, Scalar
from voicegraph.graph.reading import is_secret
from voicegraph.graph.report import Report, did_you_mean, listed
from voicegraph.graph.settings import WRITTEN
from voicegraph.graph.spec import NodeSpec

_NEVER = re.compile(r"(^|_)(model|models|url|path|file|script|key|host|id|headers|command|tools|mcp)$")


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
    fields = node.processor.contract.settings.model_fields
    if option not in fields:
        report.mistake(entry.position, f"'{node.name}' has no option '{option}'{did_you_mean(option, fields)}")
    elif is_secret(fields[option].annotation) or _NEVER.search(option):
        report.mistake(
            entry.position, f"'{node.name}.{option}' is not for clients: secrets, models, tools, files and addresses are the graph's alone"
        )
    else:
        _check_limits(node, option, entry.value, report)


def _check_limits(node: NodeSpec, option: str, value: Node, report: Report) -> None:
    forms = "a list, {min: …, max: …}, {max_length: …}, {pattern: …} or any"
    match value:
        case Items():
            _check_values(node, option, value, report)
        case Fields() if value.entries and set(value.entries) <= set(_LIMITS):
            for entry in value.entries.values():
                is_bound = entry.key in ("min", "max") and _is_number(_taken(node, option, entry.value.written()))
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


def _check_values(node: NodeSpec, option: str, values: Items, report: Report) -> None:
    adapter = taker(node, option)
    for item in values.items:
        try:
            adapter.validate_python(item.written(), context=WRITTEN)
        except ValidationError:
            report.mistake(item.position, f"'{node.name}.{option}' does not take {item.written()!r}")


def taker(node: NodeSpec, option: str) -> TypeAdapter[object]:
    """Takes a value of this option as a file writes it."""
    return TypeAdapter(node.processor.contract.settings.model_fields[option].rebuild_annotation())


def bound(node: NodeSpec, option: str, limit: object) -> float:
    """`min` or `max` as a number: 0.5, or with the unit of the option, `500ms`."""
    taken = _taken(node, option, limit)
    return float(str(taken if _is_number(taken) else limit))


def _taken(node: NodeSpec, option: str, value: object) -> object:
    """What the option makes of a value; None for one that it does not take."""
    try:
        return taker(node, option).validate_python(value, context=WRITTEN)
    except ValidationError:
        return None


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
