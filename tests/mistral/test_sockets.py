import asyncio

import pytest

from voicegraph.mistral import sockets as module
from voicegraph.mistral.sockets import Sockets


class Connection:
    request_id = "1"

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def close(self) -> None:
        self.closed.set()


async def _silent(connection: Connection, answer: asyncio.Event) -> Connection:
    await answer.wait()
    return connection


async def test_a_connection_is_given_when_it_is_there() -> None:
    connection, answer = Connection(), asyncio.Event()
    answer.set()
    assert await Sockets().connect(_silent(connection, answer)) is connection


async def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_LIMIT", 0.0)
    connection, answer = Connection(), asyncio.Event()
    with pytest.raises(TimeoutError):
        await Sockets().connect(_silent(connection, answer))
    answer.set()
    await connection.closed.wait()


async def test_a_connection_that_nobody_waits_for_any_more_is_closed() -> None:
    connection, answer = Connection(), asyncio.Event()
    waiting = asyncio.create_task(Sockets().connect(_silent(connection, answer)))
    await asyncio.sleep(0)
    waiting.cancel()
    answer.set()
    await connection.closed.wait()
    assert waiting.cancelled()


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_LIMIT", 0.0)
    sockets = Sockets()
    waiting = asyncio.create_task(sockets.connect(_silent(Connection(), asyncio.Event())))
    await asyncio.sleep(0)
    waiting.cancel()
    await sockets.close()
    await asyncio.gather(waiting, return_exceptions=True)
