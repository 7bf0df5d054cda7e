"""aioice's own connection and transactions, on a network that is as far away as the test says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aioice import stun
from aioice.candidate import Candidate
from aioice.ice import Connection, StunProtocol

from voicegraph.rtc.consent import be_patient
from voicegraph.rtc.peer import Peer
from voicegraph.testing.caller import Caller
from voicegraph.testing.clock import run_virtual

THERE = ("192.0.2.1", 4000)


class FarAway(asyncio.DatagramTransport):
    """Answers every request after so many seconds."""

    def __init__(self, protocol: StunProtocol, seconds: float) -> None:
        super().__init__()
        self.requests = 0
        self._protocol, self._seconds = protocol, seconds

    def sendto(self, data: Any, addr: Any = None) -> None:
        self.requests += 1
        asked = stun.parse_message(bytes(data))
        answer = stun.Message(asked.message_method, stun.Class.RESPONSE, asked.transaction_id)
        asyncio.get_running_loop().call_later(self._seconds, self._protocol.datagram_received, bytes(answer), THERE)


async def asked(seconds: float, patient: bool) -> int:
    """How many requests a consent check sends to somebody who is so far away. Raises TransactionTimeout when it waits in vain."""
    connection = Connection(ice_controlling=False)
    protocol = StunProtocol(connection)
    protocol.local_candidate = Candidate.from_sdp("1 1 udp 1 192.0.2.2 5000 typ host")
    protocol.transport = transport = FarAway(protocol, seconds)
    connection._protocols.append(protocol)
    if patient:
        be_patient(connection)
    await protocol.request(stun.Message(stun.Method.BINDING, stun.Class.REQUEST), THERE, retransmissions=0)
    return transport.requests


@pytest.mark.parametrize(("seconds", "requests"), [(0.1, 1), (0.7, 2), (2.0, 3), (3.4, 3)])
def test_who_answers_late_is_still_there(seconds: float, requests: int) -> None:
    assert run_virtual(asked(seconds, patient=True)) == requests


def test_aioice_alone_takes_them_for_gone() -> None:
    with pytest.raises(stun.TransactionTimeout):
        run_virtual(asked(0.7, patient=False))


def test_who_does_not_answer_is_gone_after_all() -> None:
    with pytest.raises(stun.TransactionTimeout):
        run_virtual(asked(60.0, patient=True))


async def test_a_call_is_patient() -> None:
    peer = Peer()
    async with Caller(lambda offer, restart: peer.answer(offer)):
        protocols = peer._audio.receiver.transport.transport._connection._protocols
        assert protocols
        assert all("request" in vars(protocol) for protocol in protocols)
    await peer.close("")
