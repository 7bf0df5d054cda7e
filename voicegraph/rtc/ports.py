"""Calls on chosen UDP ports: aioice, which finds the addresses of a call, binds to any port that is free and cannot be told another.

It asks the event loop for its sockets, so an event loop that knows the range is the place to say it. `inside` looks whether that still holds.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Iterator
from typing import Any

from voicegraph.rtc import sdp

ANY = 0

log = logging.getLogger(__name__)


class PortsLoop(asyncio.SelectorEventLoop):
    """Who asks it for a UDP socket on any port gets one of `ports`, the least recently used that is free. Raises OSError when none is."""

    def __init__(self, ports: range) -> None:
        super().__init__()
        self.ports = ports
        self._turn = 0

    async def create_datagram_endpoint(  # type: ignore[override]  # of the many parameters only the one that matters is named
        self, protocol_factory: Callable[[], asyncio.DatagramProtocol], local_addr: Any = None, **options: Any
    ) -> tuple[asyncio.DatagramTransport, Any]:
        if local_addr is None or local_addr[1] != ANY:
            return await super().create_datagram_endpoint(protocol_factory, local_addr, **options)
        for port in self._in_turn():
            try:
                return await super().create_datagram_endpoint(protocol_factory, (local_addr[0], port), **options)
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE:
                    raise
        sentence = f"no UDP port of {self.ports[0]}-{self.ports[-1]} is free at {local_addr[0]}"
        log.warning("%s: give more with --udp-ports", sentence)
        raise OSError(errno.EADDRINUSE, sentence)

    def _in_turn(self) -> Iterator[int]:
        for _ in self.ports:
            self._turn += 1
            yield self.ports[self._turn % len(self.ports)]


def new_loop(ports: range | None) -> asyncio.AbstractEventLoop:
    """The event loop for calls on these ports, or on any."""
    return PortsLoop(ports) if ports else asyncio.new_event_loop()


def inside(answer: str) -> bool:
    """Whether the host candidates of this SDP are on the ports of the running loop, if it has a range: not where aioice asks in another way."""
    loop = asyncio.get_running_loop()
    return not isinstance(loop, PortsLoop) or all(candidate.port in loop.ports for candidate in sdp.host_candidates(answer))
