"""What is in effect at a node, and who said so: a file and its line, a preset, a default. What a variable holds is never in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from voicegraph.graph.environment import variables_in
from voicegraph.graph.spec import NodeSpec, Position


@dataclass(frozen=True, slots=True)
class Effective:
    """One option, those in mappings as `speaking.duck`. value: as a file has it; with a variable in it the text that is written.

    origin: `file`, or what the settings say of it (`default`, `preset balanced`). at: where it is written. variables: what it takes from the
    environment; `left_out`: which are set to nothing, so that the origin is not the file.
    """

    option: str
    value: Any
    origin: str
    at: Position | None = None
    variables: tuple[str, ...] = ()
    left_out: bool = False


def effective(node: NodeSpec) -> list[Effective]:
    """Every option of a checked node, in the order in which its processor declares them."""
    return list(_options(node, node.settings.effective(), node.written, node.settings.model_dump(exclude_unset=True), ""))


def _options(node: NodeSpec, values: Mapping[str, Any], written: Mapping[str, Any], given: Mapping[str, Any], within: str) -> Iterator[Effective]:
    for name, value in values.items():
        option = f"{within}{name}"
        if isinstance(value, dict) and value:
            yield from _options(node, value, _mapping(written.get(name)), _mapping(given.get(name)), f"{option}.")
            continue
        variables = variables_in(str(written.get(name, "")))
        if name not in written:
            yield Effective(option, value, node.settings.origin(option))
        elif name not in given:
            yield Effective(option, value, node.settings.origin(option), node.places[option], variables, left_out=True)
        else:
            yield Effective(option, written[name] if variables else value, "file", node.places[option], variables)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
