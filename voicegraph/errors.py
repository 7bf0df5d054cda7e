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


_SAYS = " It says: "


def loggable(sentence: str) -> str:
    """A Failure's sentence without what a provider says of itself."""
    return sentence.partition(_SAYS)[0]


class Failure(VoicegraphError):
    """What a person is told of in a sentence: plain words, no stack trace.

    said: what a provider says of it itself. That may repeat the caller's words, so it is shown to the caller and the log gets `plain`.
    """

    def __init__(self, plain: str, said: str = "") -> None:
        super().__init__(f"{plain}{_SAYS}{said}" if said else plain)
        self.plain = plain
        self.said = said


class ReplyFailed(Failure):
    """This reply cannot be made; the call goes on."""


class BrokeOff(ReplyFailed):
    """An answer ended before it was complete; asked for again, it may be whole."""


class CallFailed(Failure):
    """This call cannot go on. The sentence becomes the reason for which the call ended."""


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
