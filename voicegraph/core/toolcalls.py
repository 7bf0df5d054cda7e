"""What a chat model wants done, out of the fragments in which it says so.

The shape is that of streamed chat completions: `delta.tool_calls` is a list of fragments, each with an `index`, an `id` in its first fragment, and a
`function` whose `arguments` come in pieces of a JSON text. Servers leave out one or the other; what identifies a fragment is its index, else its id,
else that it goes on with the last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """arguments: JSON text, as the model wrote it; it may be no JSON at all."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Function:
    """A part of what is to be called. arguments: a piece of the JSON text; or all of them at once, as the object itself."""

    name: str | None = None
    arguments: Any = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a call, as it is on the wire."""

    index: int | str | None = None
    id: int | str | None = None
    function: Function | None = None


@dataclass(slots=True)
class _Draft:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Assembly:
    """`take` each delta's fragments; `calls` when the stream is over."""

    _drafts: dict[object, _Draft] = field(default_factory=dict)
    _last: object = None

    def take(self, fragments: Sequence[Fragment] | None) -> None:
        for fragment in fragments or ():
            self._add(fragment, fragment.function or Function())

    def _add(self, fragment: Fragment, function: Function) -> None:
        key = fragment.index if fragment.index is not None else fragment.id or self._last
        draft = self._drafts.setdefault(key, _Draft())
        self._last = key
        draft.id = draft.id or str(fragment.id or "")
        draft.name = draft.name or function.name or ""
        arguments = function.arguments or ""
        draft.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)  # Ollama sends the object itself

    def calls(self) -> list[ToolCall]:
        """In the order in which they began; fragments without a name are nothing that could be done."""
        drafts = [draft for draft in self._drafts.values() if draft.name]
        return [ToolCall(draft.id or f"call_{index}", draft.name, draft.arguments or "{}") for index, draft in enumerate(drafts)]


def told(calls: Sequence[ToolCall], results: Sequence[str], text: str) -> list[Message]:
    """The messages that tell the model what it asked for and what came of it. text: what it wrote before."""
    wanted = [{"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls]
    asking: Message = {"role": "assistant", "content": text, "tool_calls": wanted}
    answers = ({"role": "tool", "tool_call_id": call.id, "name": call.name, "content": result} for call, result in zip(calls, results, strict=True))
    return [asking, *answers]
