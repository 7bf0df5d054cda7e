"""A tool as the model, and who runs it, sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicegraph.graph.settings import ByLanguage

Arguments = Mapping[str, Any]
Schema = Mapping[str, Any]

LONGEST = 8000
"""Characters of a result that the model gets: it reads all of them before it says the next word."""
NO_ARGUMENTS: Schema = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Offer:
    """parameters: JSON Schema of an object. run: raises ToolFailed; anything else that it raises is a mistake in the tool. timeout: seconds.

    effects: it changes something in the world, so it must wait until the turn is certain, and never be done twice."""

    name: str
    about: str
    parameters: Schema
    run: Callable[[Arguments], Awaitable[str]]
    timeout: float = 10.0
    filler: ByLanguage = ""
    effects: bool = True

    def schema(self) -> dict[str, Any]:
        """As chat completions take it."""
        return {"type": "function", "function": {"name": self.name, "description": self.about, "parameters": dict(self.parameters)}}


def shortened(text: str) -> str:
    """A result that is not too long for the model."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… (the rest is left out)"
