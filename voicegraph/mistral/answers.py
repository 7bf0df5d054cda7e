"""What a model's answer has to look like: the one place where a provider's JSON is read and checked.

What is left out, or null, is forgiven. What makes no sense fails the reply in plain words; never in those of the answer, which may be private.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from voicegraph.core.toolcalls import Fragment
from voicegraph.errors import ReplyFailed


class Chunk(BaseModel):
    """A part of an answer's content: text, or by its `type` something else, such as a reference to a source."""

    type: str | None = None
    text: str | None = None
    url: str | None = None
    title: str | None = None


class Delta(BaseModel):
    """The next piece of a message, or all of it."""

    content: str | Chunk | list[Chunk] | None = None
    tool_calls: list[Fragment] | None = None

    def chunks(self) -> list[Chunk]:
        """The content, in whichever of its forms, as chunks."""
        match self.content:
            case str(text):
                return [Chunk(type="text", text=text)]
            case Chunk() as chunk:
                return [chunk]
            case chunks:
                return chunks or []

    def text(self) -> str:
        """What is text in it."""
        return self.content if isinstance(self.content, str) else text_in(self.chunks())


class Choice(BaseModel):
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: Any = None


class _Completion(BaseModel):
    choices: list[Choice] | None = None


def parsed(data: str | bytes) -> Any:
    """JSON. Raises ValueError for what is none, and for what is nested too deeply to be an answer."""
    return from_json(data)


def choice_in(completion: Any, who: str) -> Choice:
    """The first choice of a chat completion or of a piece of one; an empty one where there is none. Raises ReplyFailed, in the name of `who`."""
    try:
        choices = _Completion.model_validate(completion).choices
    except ValidationError:
        raise ReplyFailed(f"{who} answered with something that is no chat completion.") from None  # it quotes the answer
    return choices[0] if choices else Choice()


def chunks_in(content: Any, who: str = "Mistral") -> list[Chunk]:
    """The content of a message, which may be a string, a chunk or a list of them, as chunks. Raises ReplyFailed, in the name of `who`."""
    try:
        return Delta(content=content).chunks()
    except ValidationError:
        raise ReplyFailed(f"{who} answered with something that is no text.") from None  # it quotes the answer


def text_in(chunks: Sequence[Chunk]) -> str:
    """What is text in it."""
    return "".join(chunk.text or "" for chunk in chunks if chunk.type == "text")
