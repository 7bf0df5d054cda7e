"""Callers who are far away.

Every 5 s a peer must show that it still wants what is sent to it (RFC 7675). aioice asks once and waits for half a second, so that a caller over a
satellite, or in a train, is taken for gone after half a minute although every answer comes. Here the question is repeated, with the pauses of
RFC 8489, section 6.2.1: an answer has 3.5 s. Who is really gone is noticed sooner, by the silence on the line.
"""

from __future__ import annotations

import weakref
from typing import cast

from aioice.ice import Connection, StunProtocol
from aioice.stun import Message

REPETITIONS = 2
"""After half a second, and after another one."""


def be_patient(connection: Connection) -> None:
    """From now on, this connection waits longer for answers to its consent checks: they are what is asked without any repetition."""
    for protocol in getattr(connection, "_protocols", ()):
        vars(protocol)["request"] = _patient(cast("StunProtocol", weakref.proxy(protocol)))  # no cycle: sockets are closed with the last reference


def _patient(protocol: StunProtocol) -> object:
    ask = StunProtocol.request

    async def request(
        message: Message, addr: tuple[str, int], integrity_key: bytes | None = None, retransmissions: int | None = None
    ) -> tuple[Message, tuple[str, int]]:
        return await ask(protocol, message, addr, integrity_key, REPETITIONS if retransmissions == 0 else retransmissions)

    return request
