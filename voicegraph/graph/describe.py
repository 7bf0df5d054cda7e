"""What a processor says of itself, as data: its ports, its options as one writes them in a file, its example.

The one source of `voicegraph explain`, of the JSON Schema's defaults, and of docs/reference/processors.md; itself made of nothing but the class.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.reading import parts
from voicegraph.graph.report import listed
from voicegraph.graph.settings import Settings

Schema = Mapping[str, Any]

_FLAGS = {
    "optional": "may stay empty",
    "many": "takes several sources",
    "feedback": "looks below first",
    "named": "only where from: names it",
    "exclusive": "its source has no other listener",
    "confirmed": "waits until the reply is certain",
}
"""Of inputs, in words."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output. notes: what is special about it, rates included."""

    name: str
    kind: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One option. takes: in words. default: as it would be written; without one it is required. options: of a mapping, what stands in it.

    origin: who says the default: the option itself (`default`), or `preset balanced`.
    """

    name: str
    takes: str
    about: str
    required: bool
    default: Any = None
    origin: str = "default"
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """A processor. about: its first sentence; more: what follows its example. needs: the extra that brings what it imports."""

    name: str
    about: str
    more: str
    example: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    options: tuple[Option, ...]
    observer: bool
    needs: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)


def describe(name: str, cls: type[Processor]) -> Description:
    """What there is to say of a processor that a file calls by this name."""
    contract = cls.contract
    about, example, more = _parts(cls)
    return Description(
        name=name,
        about=about,
        more=more,
        example=example,
        inputs=tuple(map(_input, contract.ins.values())),
        outputs=tuple(map(_output, contract.outs.values())),
        options=options_of(contract.settings),
        observer=cls.observer,
        needs=tuple(sorted(set(cls.needs.values()))),
    )


def options_of(model: type[Settings]) -> tuple[Option, ...]:
    """The options of a settings class, in the order in which it declares them."""
    schema = settings_schema(model)
    usual = None if any(field.is_required() for field in model.model_fields.values()) else model()
    return _Options(schema.get("$defs", {}), usual).of(model, schema, usual.effective() if usual else {}, "")


def settings_schema(model: type[BaseModel], ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """The JSON Schema of a settings class, with its defaults as a file would have them."""
    schema = model.model_json_schema(ref_template=ref_template)
    _write_defaults(model, schema, schema.get("$defs", {}))
    return schema


def _write_defaults(model: type[BaseModel], schema: dict[str, Any], definitions: Schema) -> None:
    for name, field in model.model_fields.items():
        if not field.is_required():
            schema["properties"][name]["default"] = written_default(field)
        for nested in _models(field):
            _write_defaults(nested, definitions[nested.__name__], definitions)


def written_default(field: FieldInfo) -> Any:
    """An option's default as a file would have it: `60ms`, and not 0.06."""
    adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    return adapter.dump_python(field.get_default(call_default_factory=True), mode="json")


def _parts(cls: type[Processor]) -> tuple[str, str, str]:
    """The docstring's first sentence, its example (the indented lines) and the rest."""
    first, *rest = inspect.cleandoc(cls.__doc__ or "").splitlines() or [""]
    example = textwrap.dedent("\n".join(line for line in rest if line.startswith("    ")))
    more = "\n".join(line for line in rest if not line.startswith("    ")).strip()
    return first, example, more


def _input(port: In[Any]) -> Port:
    notes = [words for flag, words in _FLAGS.items() if getattr(port, flag)]
    rates = [f"{listed(map(str, port.rates))} Hz"] if port.rates else []
    return Port(port.name, port.kind.__name__, (*rates, *notes))


def _output(port: Out[Any]) -> Port:
    if port.like:
        return Port(port.name, port.kind.__name__, (f"the kind that {port.like} takes",))
    rate = f"{port.rate} Hz" if isinstance(port.rate, int) else f"the rate of {port.rate}"
    return Port(port.name, port.kind.__name__, (rate,) if port.rate is not None else ())


class _Options:
    """usual: the settings of a node that says nothing, whose presets fill in what the options themselves leave open."""

    def __init__(self, definitions: Schema, usual: Settings | None) -> None:
        self._definitions = definitions
        self._usual = usual

    def of(self, model: type[BaseModel], schema: Schema, values: Mapping[str, Any], within: str) -> tuple[Option, ...]:
        return tuple(self._one(name, field, schema["properties"][name], values.get(name), within) for name, field in model.model_fields.items())

    def _one(self, name: str, field: FieldInfo, schema: Schema, value: Any, within: str) -> Option:
        nested = next(iter(_models(field)), None)
        about = " ".join((field.description or (inspect.cleandoc(nested.__doc__ or "") if nested else "")).split())
        takes, required = _takes(schema, self._definitions), field.is_required()
        if nested is not None:
            inside = self.of(nested, self._definitions[nested.__name__], value or {}, f"{within}{name}.")
            return Option(name, takes, about, required, options=inside)
        default = None if required else written_default(field)
        if default is None and value is not None and self._usual is not None:
            return Option(name, takes, about, required, value, self._usual.origin(f"{within}{name}"))
        return Option(name, takes, about, required, default)


def _models(field: FieldInfo) -> Sequence[type[BaseModel]]:
    return [part for part in parts(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]


def _takes(schema: Schema, definitions: Schema) -> str:
    """What may be written, in words."""
    if "$ref" in schema:
        return _takes(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return listed(dict.fromkeys(_takes(form, definitions) for form in schema["anyOf"] if form.get("type") != "null"))
    if "enum" in schema:
        return listed(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("format") == "password":
        return "a secret: ${NAME}"
    if "examples" in schema:
        return f"a number with its unit, such as {listed(map(str, schema['examples']))}"
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return "a list of texts" if items.get("type") == "string" else "a list"
    if schema.get("format") in ("path", "file-path"):
        return "a file"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text", "object": "a mapping"}
    return words.get(schema.get("type", ""), "anything") + _bounds(schema)


def _bounds(schema: Schema) -> str:
    if "pattern" in schema:
        return f" of the form {schema['pattern']}"
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f", at least {least}"
    above = schema.get("exclusiveMinimum")
    return f", more than {above}" if above is not None else f", at most {most}" if most is not None else ""
