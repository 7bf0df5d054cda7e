"""The options of a processor: a pydantic model per processor, with units that a person writes (`240ms`, `-12dB`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, SecretStr, ValidationInfo, WithJsonSchema

if TYPE_CHECKING:
    from voicegraph.graph.processor import Share

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_DECIBELS = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*dB")


STRUCTURE = ("use", "from", "after", "before", "otherwise")
"""The keys of a node that are no options, and that no option can be named like."""


class Settings(BaseModel):
    """The base of every processor's options: unknown keys are errors, values do not change during a call."""

    def effective(self) -> dict[str, Any]:
        """Every option with the value that is in effect, as it would be written in a file."""
        return self.model_dump(mode="json")

    def origin(self, option: str) -> str:
        """Where the value of an option comes from that no file has: `speaking.duck` may be a preset's."""
        return "default"

    async def warm(self, share: Share) -> None:
        """What a processor with these settings has warmed by default, see `Processor.warm`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True, protected_namespaces=())


WRITTEN = "written"
"""The validation context of values from a file, where a number needs its unit. Python code gives plain floats: seconds, decibels."""


def _from_python(value: Any, info: ValidationInfo) -> bool:
    return isinstance(value, float) and info.context != WRITTEN


def parse_duration(value: Any, info: ValidationInfo) -> float:
    """`240ms`, `2s`, `1.5 min` → seconds. A bare number has no unit and is refused; 0 needs none."""
    if isinstance(value, bool):
        raise ValueError("a duration is a number with its unit, such as 240ms or 2s; 0 for none")
    if value in (0, "0") or (_from_python(value, info) and value >= 0):
        return float(value)
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        hint = f": write {value}ms or {value}s" if re.fullmatch(r"\d+(\.\d+)?", str(value).strip()) else ", such as 240ms or 2s"
        raise ValueError(f"a duration needs its unit{hint}")
    return float(match[1]) * _SECONDS[match[2]]


def format_duration(seconds: float) -> str:
    """The shortest way to write it: 0.24 → `240ms`, 2.0 → `2s`."""
    if seconds and seconds < 1:
        return f"{seconds * 1000:g}ms"
    return f"{seconds:g}s"


def parse_decibels(value: Any, info: ValidationInfo) -> float:
    """`-12dB` → -12.0."""
    if _from_python(value, info):
        return float(value)
    match = _DECIBELS.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("decibels need their unit, such as -12dB")
    return float(match[1])


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|min)$", "examples": ["240ms", "2s"]}),
]
"""Seconds in Python, a number with its unit in YAML."""

Decibels = Annotated[
    float,
    BeforeValidator(parse_decibels),
    PlainSerializer(lambda value: f"{value:g}dB", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?\s*dB$", "examples": ["-12dB"]}),
]
"""A gain relative to full scale; a number with `dB` in YAML."""

LanguageCode = Annotated[str, Field(pattern="^[a-z]{2}$")]
"""ISO 639-1."""

ByLanguage = str | Annotated[Mapping[LanguageCode, str], Field(min_length=1)]
"""A text, or one for each language: `{en: …, fr: …}`. The first serves those that are not named."""


def in_language(texts: ByLanguage, language: str | None) -> str:
    """The text for this language (ISO 639-1; None: unknown)."""
    if isinstance(texts, str):
        return texts
    return texts.get((language or "")[:2], next(iter(texts.values())))


Secret = SecretStr
"""A key or a password: only ever `${NAME}` in a file, never printed, never settable by a client."""


class Header(SecretStr):
    """The value of an HTTP header: a plain text, or with `${NAME}` in it. Never printed, as it may be a key; what is a key by its name is only taken
    with `${NAME}`."""


def revealed(headers: Mapping[str, Header]) -> dict[str, str]:
    """As they are sent."""
    return {name: value.get_secret_value() for name, value in headers.items()}


Function = Annotated[
    Callable[..., Any],
    PlainSerializer(lambda function: f"{function.__module__}:{function.__qualname__}", return_type=str),
    WithJsonSchema({"type": "string", "format": "function", "pattern": r"^[^:]+:[^:]+$", "examples": ["./tools.py:weather"]}),
]
"""A function of the graph's author: in the file `./file.py:function`, relative to the graph's own, or `package.module:function`."""
