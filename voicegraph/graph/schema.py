"""A JSON Schema (draft 2020-12) of the graph file, for editors: completion and documentation of every processor's options.

It is kinder than `load`: what depends on several lines (links, extends) or on the machine (variables, files) is not in it.
"""

from __future__ import annotations

from typing import Any

from voicegraph.graph.describe import settings_schema
from voicegraph.graph.extends import FORMAT
from voicegraph.graph.processor import Processor
from voicegraph.graph.registry import Registry
from voicegraph.graph.settings import STRUCTURE

Schema = dict[str, Any]

_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
_SOURCE: Schema = {"type": "string", "description": "a node, node.output, or none"}
_SOURCES: Schema = {"anyOf": [_SOURCE, {"type": "array", "items": _SOURCE}]}


def graph_schema(registry: Registry | None = None) -> Schema:
    """The schema of a whole file, with the options of every processor that can be imported here."""
    definitions: Schema = {}
    processors = (registry or Registry()).catalogue
    cases = [_case(name, cls, definitions) for name, cls in processors.items()]
    nodes = {"type": "object", "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}, "additionalProperties": {"$ref": "#/$defs/node"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "voicegraph graph",
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": ["nodes"]}, {"required": ["extends"]}],
        "properties": {
            "about": {"type": "string", "description": "what a caller can expect of this graph"},
            "extends": {"type": "string", "description": "a shipped graph by name, or a file such as ./base.yaml"},
            "format": {"const": int(FORMAT)},
            "nodes": {**nodes, "description": "name and processor, in the order in which the call flows"},
            "allow": {"type": "object", "propertyNames": {"pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"}, "additionalProperties": _limits()},
        },
        "$defs": {"node": _node(list(processors), cases), **definitions},
    }


def _node(names: list[str], cases: list[Schema]) -> Schema:
    use = {
        "anyOf": [{"enum": names}, {"type": "string", "pattern": r":|\$\{"}],
        "description": "a processor, ./file.py:Class or package.module:Class",
    }
    by_port = {"type": "object", "additionalProperties": _SOURCES}
    mapping = {
        "type": "object",
        "properties": {
            "use": use,
            "from": {
                "anyOf": [_SOURCE, {"type": "array", "items": _SOURCE}, by_port],
                "description": "sources; the nearest above that fit by default",
            },
            "after": {"type": "string", "description": "place of a new node in a file that extends another"},
            "before": {"type": "string", "description": "place of a new node in a file that extends another"},
            "otherwise": {"$ref": "#/$defs/node", "description": "the stand-in when the provider is down"},
        },
        "allOf": cases,
    }
    return {"anyOf": [{"type": "null", "description": "remove a node of the extended graph"}, use, mapping]}


def _case(name: str, cls: type[Processor], definitions: Schema) -> Schema:
    """If `use` is this processor, then its options and no others."""
    schema = settings_schema(cls.contract.settings, ref_template=f"#/$defs/{name}.{{model}}")
    definitions |= {f"{name}.{key}": value for key, value in schema.pop("$defs", {}).items()}
    options = {key: {"anyOf": [value, _VARIABLE], **_documentation(value)} for key, value in schema.get("properties", {}).items()}
    structure = dict.fromkeys(STRUCTURE, True)
    return {
        "if": {"type": "object", "properties": {"use": {"const": name}}, "required": ["use"]},
        "then": {
            "description": (cls.__doc__ or "").strip().partition("\n")[0],
            "properties": {**structure, **options},
            "required": schema.get("required", []),
            "additionalProperties": False,
        },
    }


def _documentation(option: Schema) -> Schema:
    """What an editor shows beside the option's name."""
    return {key: option[key] for key in ("description", "default") if key in option}


def _limits() -> Schema:
    number, length = {"type": ["number", "string"], "description": "with its unit where the option has one"}, {"type": "integer", "minimum": 1}
    bounds = {"min": number, "max": number, "max_length": length, "pattern": {"type": "string", "format": "regex"}}
    return {
        "anyOf": [{"const": "any"}, {"type": "array"}, {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": bounds}]
    }
