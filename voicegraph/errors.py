"""Every exception that voicegraph raises on purpose, on one page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class VoicegraphError(Exception):
    """The root: `except VoicegraphError` catches what is documented and nothing else."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong in a graph file, at the place where the reader can mend it (lines and columns count from 1)."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class GraphError(VoicegraphError):
    """A graph file that cannot run. Carries every mistake of the stage that found them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class ContractError(VoicegraphError):
    """A processor class whose ports, handlers or settings do not fit together. Raised when the class is made."""


class ReplyFailed(VoicegraphError):
    """This reply cannot be made; the call goes on. The sentence is for the caller: plain words, no stack trace."""


class CallFailed(VoicegraphError):
    """This call cannot go on. The sentence is for the caller and becomes the reason for which the call ended."""


class UnfitReference(VoicegraphError):
    """A recording that no voice can be cloned from. The sentence is for who gave it: what is wrong with it, and what to do."""


class WorkerLost(VoicegraphError):
    """The worker that was to do this is gone, and what it had with it."""


class ToolFailed(VoicegraphError):
    """A tool could not do what it was asked; the call goes on. The sentence is for the model. Functions of a graph's author may raise it too."""


class BadRequest(VoicegraphError):
    """A client's request cannot be met. Becomes an HTTP error with the sentence as its `detail`. retry_after: seconds after which it may be."""

    def __init__(self, sentence: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after
