"""What a client may set for its own call: offered by a graph's `allow:`, checked as the file's own options are, and in effect for that call alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voicegraph.errors import BadRequest
from voicegraph.graph.allow import bound
from voicegraph.graph.options import sentence_of
from voicegraph.graph.reading import atoms
from voicegraph.graph.report import did_you_mean, listed
from voicegraph.graph.setting import Setting, merged, setting_of
from voicegraph.graph.settings import WRITTEN, Decibels, Duration
from voicegraph.graph.spec import GraphSpec, NodeSpec

_LONGEST = 40
"""Characters of a refused value that are repeated."""
_BOUNDS = {"min": "minimum", "max": "maximum", "max_length": "maxLength", "pattern": "pattern"}
"""What JSON Schema calls them."""
_KINDS = {"boolean": "switch", "number": "number", "integer": "number", "string": "text"}


def with_settings(spec: GraphSpec, wanted: Mapping[str, Any]) -> GraphSpec:
    """The graph with these options (`node.option` → value, as in a file; `node.option.key` in one that is a mapping) for one call.

    Raises BadRequest, with the option and what is allowed."""
    by_node: dict[str, dict[tuple[str, ...], Any]] = {}
    for key, value in wanted.items():
        if key not in spec.allow:
            raise BadRequest(f"'{key}' cannot be set here{did_you_mean(key, spec.allow) or _instead(spec)}")
        name, _, option = key.partition(".")
        setting = setting_of(spec.node(name), option)
        by_node.setdefault(name, {})[setting.path] = _checked(setting, value, spec.allow[key])
    return replace(spec, nodes=tuple(_with(node, by_node[node.name]) if node.name in by_node else node for node in spec.nodes))


def _instead(spec: GraphSpec) -> str:
    return f": this graph allows {listed(sorted(spec.allow), 'and')}." if spec.allow else f": the graph '{spec.name}' lets clients set nothing."


def _checked(setting: Setting, value: Any, limits: Any) -> Any:
    """The value as the processor takes it."""
    adapter = setting.taker()
    try:
        taken = adapter.validate_python(_as_written(value, setting), context=WRITTEN)
    except ValidationError as problem:
        reason = sentence_of(problem.errors(include_url=False)[0])
        raise BadRequest(f"'{setting.label}' cannot be {_shown(value)}: {reason[:1].lower()}{reason[1:]}.") from problem
    if isinstance(limits, list):
        if all(taken != adapter.validate_python(each, context=WRITTEN) for each in limits):
            raise BadRequest(f"'{setting.label}' takes {listed(map(str, limits))}, not {_shown(value)}.")
    elif isinstance(limits, Mapping) and (broken := _broken(setting, taken, limits)) is not None:
        raise BadRequest(f"'{setting.label}' takes {broken}, not {_shown(value)}.")
    return taken


def _as_written(value: Any, setting: Setting) -> Any:
    """As a file has it, where `true` is no number."""
    return str(value).lower() if isinstance(value, bool) and not atoms(setting.annotation) & {bool, Any} else value


def _broken(setting: Setting, taken: Any, limits: Mapping[str, Any]) -> str | None:
    """The first limit that this value breaks, in words. A limit that says nothing of such a value forbids it."""
    number = taken if isinstance(taken, (int, float)) and not isinstance(taken, bool) else None
    text = taken if isinstance(taken, str) else None
    for name, limit in limits.items():
        match name:
            case "min" if number is None or not number >= bound(setting, limit):
                return f"at least {limit}"
            case "max" if number is None or not number <= bound(setting, limit):
                return f"at most {limit}"
            case "max_length" if text is None or len(text) > limit:
                return f"at most {limit} characters"
            case "pattern" if text is None or re.fullmatch(limit, text) is None:
                return f"a text of the form {limit}"
    return None


def _with(node: NodeSpec, options: Mapping[tuple[str, ...], Any]) -> NodeSpec:
    """The node with these options; its stand-ins too, where they are the same processor."""
    try:
        changed = replace(node, settings=type(node.settings).model_validate(merged(node.settings, options)))
        problem = next(iter(changed.processor.check(changed)), None)
    except ValidationError as error:
        problem = sentence_of(error.errors(include_url=False)[0])
    if problem is not None:
        names = listed([f"'{'.'.join((node.name, *path))}'" for path in options], "and")
        raise BadRequest(f"{names} cannot be set so: {problem}.")
    standing = node.otherwise
    return replace(changed, otherwise=_with(standing, options) if standing is not None and standing.processor is node.processor else standing)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def offered(spec: GraphSpec) -> Sequence[Mapping[str, Any]]:
    """The options that a client may set, so that a page can offer them."""
    offers = []
    for key, limits in spec.allow.items():
        name, _, option = key.partition(".")
        offers.append(_offer(setting_of(spec.node(name), option), limits))
    return offers


def _offer(setting: Setting, limits: Any) -> Mapping[str, Any]:
    schema = _plain(setting.taker().json_schema())
    own = {name: schema[key] for name, key in _BOUNDS.items() if key in schema and _kind(schema) not in ("duration", "decibels")}
    choices = limits if isinstance(limits, list) else schema.get("enum")
    return {
        "name": setting.label,
        "kind": "choice" if choices else _kind(schema),
        "about": setting.about,
        **({"one_of": choices} if choices else own | (dict(limits) if isinstance(limits, Mapping) else {})),
        "default": setting.default(),
    }


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the option is when it is not null."""
    return next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)


def _kind(schema: Mapping[str, Any]) -> str:
    for kind, annotation in (("duration", Duration), ("decibels", Decibels)):
        if schema.get("pattern") == TypeAdapter(annotation).json_schema()["pattern"]:
            return kind
    return _KINDS.get(str(schema.get("type")), "value")
