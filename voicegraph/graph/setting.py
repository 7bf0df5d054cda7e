"""One option of a node, or what stands in one that is a mapping (`listening.silence`, `block.pii`), as a client may set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from voicegraph.graph.environment import variables_in
from voicegraph.graph.reading import parts
from voicegraph.graph.report import did_you_mean
from voicegraph.graph.settings import WRITTEN
from voicegraph.graph.spec import NodeSpec

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """path: the option's name, and the keys that lead further in. annotation: its type. about: what is said of it. fields: the keys of the path that
    are names of options; the others, such as languages, are names of nothing."""

    node: NodeSpec
    path: tuple[str, ...]
    annotation: Any
    about: str = ""
    fields: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return ".".join((self.node.name, *self.path))

    def inside(self, key: str) -> Setting:
        """What stands under `key`. Raises LookupError with a sentence."""
        for part in parts(self.annotation):
            origin = get_origin(part) or part
            if _is(origin, BaseModel) and key in origin.model_fields:
                field = origin.model_fields[key]
                return Setting(self.node, (*self.path, key), field.rebuild_annotation(), field.description or "", (*self.fields, key))
            if _is(origin, Mapping) and get_args(part) and _takes(get_args(part)[0], key):
                return Setting(self.node, (*self.path, key), get_args(part)[1], self.about, self.fields)
        raise LookupError(f"'{self.label}' has no option '{key}'{did_you_mean(key, _keys(self.annotation))}")

    def taker(self) -> TypeAdapter[Any]:
        """Takes a value as a file writes it, in the context WRITTEN."""
        return TypeAdapter(self.annotation)

    def takes(self, value: object) -> bool:
        return _takes(self.annotation, value)

    def taken(self, value: object) -> Any:
        """What the option makes of a value; None for one that it does not take."""
        return self.taker().validate_python(value, context=WRITTEN) if self.takes(value) else None

    def has_place(self) -> bool:
        """Whether it can be set alone: what it stands in is a mapping in this graph, where it may also be one value."""
        around = _at(self.node.settings.effective(), self.path[:-1])
        return around is None or isinstance(around, Mapping)

    def default(self) -> Any:
        """What is in effect without the client, as a file has it; None where the environment gives it."""
        if variables_in(str(_at(self.node.written, self.path))):
            return None  # what a variable holds is nobody's business
        return _at(self.node.settings.effective(), self.path)


def setting_of(node: NodeSpec, option: str) -> Setting:
    """The option that is named so, `listening.silence`. Raises LookupError with a sentence."""
    setting = Setting(node, (), node.processor.contract.settings)
    for key in option.split("."):
        setting = setting.inside(key)
    return setting


def merged(settings: object, changes: Mapping[tuple[str, ...], Any]) -> Any:
    """These settings, or a mapping among them, with other values at the ends of these paths and the rest as it was, to be validated again."""
    own = _given(settings)
    inside: dict[str, dict[tuple[str, ...], Any]] = {}
    for (key, *further), value in changes.items():
        inside.setdefault(key, {})[tuple(further)] = value
    for key, further_in in inside.items():
        whole = further_in.pop((), getattr(settings, key) if isinstance(settings, BaseModel) else own.get(key))
        own[key] = merged(whole, further_in) if further_in else whole
    return own


def _given(settings: object) -> dict[str, Any]:
    if isinstance(settings, BaseModel):
        return {name: getattr(settings, name) for name in settings.model_fields_set}
    return dict(settings) if isinstance(settings, Mapping) else {}


def _at(values: Any, path: Sequence[str]) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _takes(annotation: Any, value: object) -> bool:
    try:
        TypeAdapter(annotation).validate_python(value, context=WRITTEN)
    except ValidationError:
        return False
    return True


def _keys(annotation: Any) -> Iterator[str]:
    for part in parts(annotation):
        origin = get_origin(part) or part
        if _is(origin, BaseModel):
            yield from origin.model_fields
        elif _is(origin, Mapping):
            yield from (choice for choice in get_args(next(iter(get_args(part)), None)) if isinstance(choice, str))


def _is(origin: Any, kind: type) -> bool:
    return isinstance(origin, type) and issubclass(origin, kind)
