"""The data channel `chat`: RTVI messages and SmallWebRTC signalling, as JSON text."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from aiortc import RTCDataChannel

from voicegraph.core import rtvi, rtvi1
from voicegraph.graph.line import Message, Obey

LABEL = "chat"
MAX_MESSAGE = 64 * 1024
"""Characters of one message from the client."""
BACKLOG = 1000
"""Messages kept for a client that is not ready yet; beyond, the oldest are lost."""
UNREAD = 1 << 20
"""Bytes that may wait for a client which does not read; beyond, messages are lost."""
RATE, BURST = 50.0, 200
"""Messages a second, and at once, that a client may send. The keep-alive and the statuses of all m-lines are far below."""
EARLY = 100
"""Messages of the client kept until somebody obeys."""
LAST_WORDS = 0.25
"""Seconds that a client has to take the reason and close the channel itself."""

log = logging.getLogger(__name__)


class Budget:
    """A token bucket: `rate` a second in the long run, `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._then: float | None = None

    def spend(self, now: float) -> bool:
        """Whether one more is allowed at `now` (seconds)."""
        earned = 0.0 if self._then is None else (now - self._then) * self._rate
        self._then = now
        self._left = min(self._burst, self._left + earned)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Chat:
    """The server's end of the channel.

    It answers the handshake and swallows keep-alives; `leave` is called when the client says that it goes, `seen` at each sign of life.
    Messages told before the client is ready wait for `bot-ready`, in order. version: the client's, when it had its handshake on a former connection
    already.
    """

    def __init__(self, about: Mapping[str, Any], version: str, seen: Callable[[], None], leave: Callable[[], None]) -> None:
        self._about = about
        self._version = version
        self._seen = seen
        self._leave = leave
        self._channel: RTCDataChannel | None = None
        self._backlog: deque[Message] = deque(maxlen=BACKLOG)
        self._early: deque[Message] = deque(maxlen=EARLY)
        self._take: Obey = self._early.append
        self._budget = Budget(RATE, BURST)
        self._scolded = False
        self._closed = asyncio.Event()

    @property
    def version(self) -> str:
        """Of RTVI, as the client told it in its handshake; empty before."""
        return self._version

    def attach(self, channel: RTCDataChannel) -> None:
        """The client has opened this channel."""
        if channel.label != LABEL:
            return
        self._channel = channel
        channel.on("message", self._hear)
        channel.on("close", lambda: self._gone(channel))
        self._flush()

    def _gone(self, channel: RTCDataChannel) -> None:
        if channel is self._channel:
            self._closed.set()

    def obey(self, take: Obey) -> None:
        """Hand the client's messages to `take`, those that came before now first."""
        self._take = take
        while self._early:
            take(self._early.popleft())

    def tell(self, message: Message) -> None:
        """Send it, or keep it until the client is ready."""
        if self._version and self._open:
            self._send(message)
        elif not self._closed.is_set():
            self._backlog.append(message)

    async def finish(self, reason: str) -> None:
        """Say why the call is over and ask the client to leave; waits, a little while, until it has. After this nothing is sent any more.

        Without a reason the call goes on elsewhere: a client told to leave here would leave there too.
        """
        if self._open and reason:
            self._send(rtvi.server_message("call-ended", {"reason": reason}))
            self._send(rtvi.signal("peerLeft"))
            try:
                await asyncio.wait_for(self._closed.wait(), LAST_WORDS)
            except TimeoutError:
                pass  # it has had its chance to read it
        self._closed.set()
        self._take = _nobody

    @property
    def _open(self) -> bool:
        return self._channel is not None and self._channel.readyState == "open" and not self._closed.is_set()

    def _flush(self) -> None:
        while self._version and self._open and self._backlog:
            self._send(self._backlog.popleft())

    def _send(self, message: Message) -> None:
        for each in rtvi1.translated(message) if rtvi1.is_spoken_by(self._version) else (message,):
            self._write(each)

    def _write(self, message: Message) -> None:
        assert self._channel is not None
        if self._channel.bufferedAmount > UNREAD:
            return
        try:
            self._channel.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        except ValueError as problem:
            log.warning("'%s' was not sent: %s", message.get("type"), problem)

    def _hear(self, text: str | bytes) -> None:
        self._seen()
        if isinstance(text, str) and text.startswith(rtvi.PING):
            return
        if not self._budget.spend(asyncio.get_running_loop().time()):
            self._scold()
            return
        self._scolded = False
        try:
            self._handle(_checked(text))
        except ValueError as problem:
            self.tell(rtvi.error(str(problem)))

    def _handle(self, message: Message) -> None:
        match message["type"]:
            case "client-ready":
                if self._open:
                    self._send(rtvi.bot_ready(message["id"], self._about))
                self._version = str(message["data"].get("version") or rtvi.VERSION)
                self._flush()
            case "disconnect-bot":
                self._leave()
            case _:
                self._take(message)

    def _scold(self) -> None:
        if not self._scolded:
            self._scolded = True
            self.tell(rtvi.error(f"Too many messages: more than {RATE:g} a second are dropped."))


def _checked(text: str | bytes) -> Message:
    if not isinstance(text, str):
        raise ValueError("Messages are JSON text, not binary.")
    if len(text) > MAX_MESSAGE:
        raise ValueError(f"This message is longer than {MAX_MESSAGE} characters.")
    return rtvi.parse(text)


def _nobody(message: Message) -> None:
    """The call is over: what the client still says goes nowhere."""
