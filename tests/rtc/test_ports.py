"""Calls on chosen ports, with real peer connections. Fails when aioice no longer asks the event loop for its sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack

from voicegraph.errors import BadRequest
from voicegraph.rtc import sdp
from voicegraph.rtc.peer import Peer
from voicegraph.rtc.ports import PortsLoop, inside, new_loop
from voicegraph.rtc.reach import Reach
from voicegraph.testing.caller import Caller


@contextmanager
def some_ports(count: int) -> Iterator[range]:
    """So many neighbours that were free a moment ago, on every address."""
    for first in range(42000, 60000, count):
        try:
            for port in range(first, first + count):
                with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
                    probe.bind(("::", port))
        except OSError:
            continue
        yield range(first, first + count)
        return


def run(ports: range | None, test: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=lambda: new_loop(ports)) as runner:
        runner.run(_awaited(test))


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


async def offered() -> tuple[RTCPeerConnection, str]:
    """What the field's own clients offer: audio, camera, screen, data."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    pc.addTransceiver(AudioStreamTrack(), direction="sendrecv")
    pc.addTransceiver("video", direction="sendrecv")
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    return pc, str(pc.localDescription.sdp)


async def one_call(peer: Peer) -> None:
    async with Caller(lambda offer, restart: peer.answer(offer)) as caller:
        assert caller.setup.connected
    await peer.close("")


def test_a_call_takes_one_port_of_the_range_and_gives_it_back() -> None:
    async def test() -> None:
        for _ in range(5):
            await one_call(Peer())

    with some_ports(2) as ports:  # the caller, in the same loop, takes the other
        run(ports, test)


def test_the_answer_says_the_ports_of_the_range() -> None:
    async def test() -> None:
        pc, offer = await offered()
        peer = Peer()
        answer = await peer.answer(offer)
        found = list(sdp.host_candidates(answer))
        assert found
        assert {candidate.port for candidate in found} <= {*ports}
        assert len({(candidate.address, candidate.port) for candidate in found}) == len({candidate.address for candidate in found})
        assert inside(answer)
        assert not inside(answer.replace(f" {found[0].port} typ host", " 9 typ host"))
        await peer.close("")
        await pc.close()

    with some_ports(20) as ports:
        run(ports, test)


def test_a_port_in_use_is_passed_over() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        made = [await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)) for _ in range(2)]
        with pytest.raises(OSError, match=f"no UDP port of {ports[0]}-{ports[-1]} is free"):
            await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
        assert {transport.get_extra_info("sockname")[1] for transport, _ in made} == {*ports} - {taken}
        for transport, _ in made:
            transport.close()

    with some_ports(3) as ports, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        taken = ports[1]
        other.bind(("127.0.0.1", taken))
        run(ports, test)


def test_other_sockets_are_left_alone() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", 9))
        assert transport.get_extra_info("sockname")[1] not in ports
        transport.close()

    with some_ports(1) as ports:
        run(ports, test)


def test_a_call_without_a_port_is_refused_with_a_sentence() -> None:
    async def test() -> None:
        pc, offer = await offered()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, PortsLoop)
        peer = Peer()
        with pytest.raises(BadRequest, match="no UDP port left") as problem:
            await peer.answer(offer)
        assert (problem.value.status, problem.value.retry_after) == (503, 10)
        await pc.close()

    with some_ports(1) as ports:  # the offer has taken it already
        run(ports, test)


def test_the_answer_is_announced_at_public_addresses() -> None:
    async def test() -> None:
        pc, offer = await offered()
        peer = Peer(Reach(public_addresses=["203.0.113.7"]))
        answer = await peer.answer(offer)
        four = [candidate for candidate in sdp.host_candidates(answer) if ":" not in candidate.address]
        assert {candidate.address for candidate in four} == {"203.0.113.7"}
        await peer.close("")
        await pc.close()

    run(None, test)
