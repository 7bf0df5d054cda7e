"""The caller's end of a call, as the edge nodes see it: a WebRTC peer (`rtc/peer.py`), a WAV file (`voicegraph run`), or a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from voicegraph.frames import Pcm

Message = Mapping[str, Any]
Hear = Callable[[Pcm, float], None]
Obey = Callable[[Message], None]
Pull = Callable[[int], Pcm]


class Line(Protocol):
    """What `webrtc_in`, `webrtc_out` and `page` talk to. Every method returns at once."""

    def listen(self, rate: int, hear: Hear) -> None:
        """From now on call `hear(pcm, t)` for each piece of the caller's sound: mono int16 at `rate` Hz; `t`: loop time at which its end arrived."""

    def obey(self, take: Obey) -> None:
        """From now on call `take(message)` for each JSON message of the caller that the line does not answer itself (RTVI; see docs/protocol.md)."""

    def play(self, rate: int, pull: Pull) -> None:
        """From now on call `pull(n)` whenever n samples at `rate` Hz are due at the caller, and send what it returns."""

    def tell(self, message: Message) -> None:
        """Send one RTVI message to the caller; without effect once the line is gone."""
