"""What the two WebSocket protocols have in common, without the wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from voicegraph.testing.mistral.behaviour import Event


@dataclass(frozen=True, slots=True)
class Due:
    """An event for the wire, `after` so many seconds: counted from the one before it or from the request, whichever is later."""

    event: Event = field(default_factory=dict)
    """Empty: a pause only."""
    after: float = 0.0
    goodbye: tuple[int, str] | None = None
    """A close code and reason: the socket is closed instead."""


class Complaint(Exception):
    """A message that cannot be used. The sentence goes back as an error event, and the session goes on."""


class Session(Protocol):
    """The server's side of a protocol."""

    def greet(self) -> Event:
        """The first event, before the client has said anything."""
        ...

    def receive(self, message: Event) -> Iterable[Due]:
        """What to answer to a message, and when. Raises Complaint."""
        ...


def error_event(message: str, code: int = 3800) -> Event:
    """The error event of both protocols."""
    return {"type": "error", "error": {"message": message, "code": code}}
