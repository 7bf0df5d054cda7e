"""The caller's end of a call, as the edge nodes see it: a WebRTC peer (`rtc/peer.py`), a WAV file (`voicegraph run`), or a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from voicegraph.frames import Pcm

Message = Mapping[str, Any]
Hear = Callable[[Pcm, float], None]
Obey = Callable[[Message], None]
Pull = Callable[[int], Pcm]
Asleep = Callable[[], bool]


def never() -> bool:
    """Of a source that always wants to be pulled."""
    return False


class Line(Protocol):
    """What `webrtc_in`, `webrtc_out` and `page` talk to. Every method returns at once."""

    def listen(self, rate: int, hear: Hear) -> None:
        """From now on call `hear(pcm, t)` for each piece of the caller's sound: mono int16 at `rate` Hz; `t`: loop time at which its end arrived."""

    def obey(self, take: Obey) -> None:
        """From now on call `take(message)` for each JSON message of the caller that the line does not answer itself (RTVI; see docs/protocol.md)."""

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:
        """From now on call `pull(n)` whenever n samples at `rate` Hz are due at the caller, and send what it returns.

        While `asleep()` is true that would be silence, and the line may leave it out until `wake`.
        """

    def wake(self) -> None:
        """There is something to pull again."""

    def tell(self, message: Message) -> None:
        """Send one RTVI message to the caller; without effect once the line is gone."""
