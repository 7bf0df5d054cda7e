"""What the graph of a call does, told to that call's own client while it asks for it: for a live drawing (docs/protocol.md, `watch`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from voicegraph.core import rtvi
from voicegraph.graph.activity import Activity
from voicegraph.graph.description import describe, settings_of
from voicegraph.graph.glimpse import glimpse
from voicegraph.graph.line import Message
from voicegraph.graph.meter import Meter
from voicegraph.graph.session import Session
from voicegraph.graph.spec import NodeSpec

PERIOD = 0.25
"""Seconds between two messages: often enough for the eye, seldom enough to cost the call nothing."""
KEEP = 6
"""How many frames of each port a developer can look back at."""


class Feed:
    """`obey(message)` for what the client says; `close()` when the call is over.

    inside: developer mode, so settings and the last frames of a node may be shown. there: whether a client is connected at the moment.
    """

    def __init__(self, session: Session, tell: Callable[[Message], None], there: Callable[[], bool], *, inside: bool) -> None:
        self._session = session
        self._tell = tell
        self._there = there
        self._inside = inside
        self._node: NodeSpec | None = None
        """The one that a developer looks into."""
        self._meter: Meter | None = None
        self._activity: Activity | None = None
        self._timer: asyncio.TimerHandle | None = None

    def obey(self, message: Message) -> bool:
        """Whether the message was for here."""
        match message:
            case {"type": "client-message", "data": {"t": "watch", "d": {"on": True, **rest}}}:
                self._watch(rest.get("node"))
            case {"type": "client-message", "data": {"t": "watch", "d": {"on": False}}}:
                self.close()
            case _:
                return False
        return True

    def close(self) -> None:
        """Stop watching; the call runs as if nobody ever had."""
        if self._timer is not None:
            self._timer.cancel()
        if self._meter is not None:
            self._meter.close()
        self._timer = self._meter = self._activity = None

    def _watch(self, node: object) -> None:
        spec = self._session.spec
        self._node = next((each for each in spec.nodes if each.name == node), None) if self._inside else None
        if self._meter is None:
            self._meter = self._session.watch(KEEP if self._inside else 0)
            self._activity = Activity([each.name for each in spec.nodes], self._session.statistics(), self._meter)
            self._tell(rtvi.server_message("graph", describe(spec)))
            self._again()
        if self._node is not None:
            self._tell(rtvi.server_message("graph-node", {"node": self._node.name, "settings": settings_of(self._node)}))

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PERIOD, self._report)

    def _report(self) -> None:
        assert self._activity is not None
        self._again()
        if self._there():  # what happened while the network was away is told in sum
            self._tell(rtvi.server_message("graph-activity", self._activity.look() | self._last_frames()))

    def _last_frames(self) -> dict[str, Any]:
        if self._node is None or self._meter is None:
            return {}
        frames = [
            {"way": way, "port": port, "ago_ms": round(ago * 1000), "kind": type(frame).__name__, **glimpse(frame)}
            for way, port, ago, frame in self._meter.recent(self._node.name)
        ]
        return {"node": self._node.name, "frames": frames}
