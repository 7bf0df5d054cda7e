"""One request, from its arrival to its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Delays, Endpoint, Event, Faults, Script
from voicegraph.testing.mistral.log import Closed, Log, Opened, Received, Refused, Request, Sent


@dataclass(slots=True, kw_only=True)
class Visit:
    """A request with what the server knows about it: the behaviour that it gets, and its place in the log."""

    request: web.Request
    endpoint: Endpoint
    number: int
    """Among all requests of the server, from 0: its `stream` in the log."""
    turn: int
    """How many requests of this endpoint were served before it."""
    script: Script
    delays: Delays
    faults: Faults
    log: Log
    keep_audio: bool
    body: Any = None
    by: Literal["client", "server"] = "client"
    """Who ends it: the client, until the server does."""
    finished: bool = False
    is_open: bool = False
    code: int | None = None
    _place: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._place = {"endpoint": self.endpoint, "stream": self.number}

    @property
    def name(self) -> str:
        """The request id on the wire."""
        return f"{self.endpoint}-{self.number}"

    def arrived(self) -> None:
        self.log.add(Request(t=_now(), **self._place, body=self.body, query=dict(self.request.query)))

    def refused(self, status: int) -> None:
        self.log.add(Refused(t=_now(), **self._place, status=status))

    def opened(self) -> None:
        self.is_open = True
        self.log.add(Opened(t=_now(), **self._place))

    def received(self, message: Event, audio: bytes = b"", samples: int = 0) -> None:
        self.log.add(Received(t=_now(), **self._place, message=message, samples=samples, audio=audio if audio and self.keep_audio else None))

    def sent(self, event: Event) -> None:
        if "audio_data" in event:
            event = {**event, "audio_data": len(event["audio_data"]) * 3 // 4 - event["audio_data"][-2:].count("=")}
        self.log.add(Sent(t=_now(), **self._place, event=event))

    def finish(self) -> None:
        """The answer is out, to its end."""
        self.by, self.finished = "server", True

    def closed(self) -> None:
        self.log.add(Closed(t=_now(), **self._place, by=self.by, finished=self.finished, code=self.code))

    def drop(self) -> None:
        """Reset the TCP connection."""
        if self.request.transport is not None:
            self.request.transport.abort()


def _now() -> float:
    return asyncio.get_running_loop().time()
