from __future__ import annotations

import asyncio

import pytest

from voicegraph.graph.host import Host
from voicegraph.testing.clock import run_virtual


class Client:
    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class Broken(Client):
    async def close(self) -> None:
        raise OSError("gone")


class Stubborn(Client):
    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < 10:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                continue


async def test_all_calls_of_a_process_share_one() -> None:
    async with Host() as host:
        assert host.shared(Client) is host.shared(Client)
        assert host.shared(Broken) is not host.shared(Client)


async def test_what_was_made_is_closed_once_with_the_process() -> None:
    host = Host()
    client = host.shared(Client)
    await host.close()
    await host.close()
    assert client.closed == 1


async def test_one_that_does_not_close_does_not_keep_the_others_open(caplog: pytest.LogCaptureFixture) -> None:
    async with Host() as host:
        host.shared(Broken)
        client = host.shared(Client)
    assert client.closed == 1
    assert "Broken" in caplog.text


def test_closing_has_a_limit() -> None:
    async def main() -> float:
        async with Host() as host:
            host.shared(Stubborn)
            client = host.shared(Client)
        assert client.closed == 1
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) < 3
