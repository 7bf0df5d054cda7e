"""The server as a whole: its log, its end, and its process."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from mistralai.client import Mistral

from voicegraph.testing.mistral import Closed, Delays, Log, MistralServer, Opened, Request, Sent
from voicegraph.testing.mistral.__main__ import main

ClientOf = Callable[[str], Mistral]

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}


def opened(stream: int) -> Opened:
    return Opened(t=0.0, endpoint="chat", stream=stream)


class TestLog:
    async def test_waiting_for_what_has_happened_returns_at_once(self) -> None:
        log = Log()
        log.add(opened(0))
        assert await log.wait_for(Opened) == opened(0)

    async def test_waiting_for_the_second_of_a_sort(self) -> None:
        log = Log()
        log.add(opened(0))
        waiting = asyncio.create_task(log.wait_for(Opened, lambda record: record.stream != 1, count=2))
        await asyncio.sleep(0)
        for stream in (1, 2, 3):
            log.add(opened(stream))
        assert (await waiting).stream == 2

    async def test_waiting_in_vain_tells_what_happened_instead(self) -> None:
        log = Log()
        log.add(opened(0))
        with pytest.raises(TimeoutError, match=r"no Closed number 1 .* chat Opened"):
            await log.wait_for(Closed, timeout=0.001)

    def test_a_log_with_a_size_keeps_the_newest(self) -> None:
        log = Log(size=2)
        for stream in range(5):
            log.add(opened(stream))
        assert [record.stream for record in log] == [3, 4]


async def test_stopping_drops_the_open_streams(client_of: ClientOf) -> None:
    at = MistralServer(delays=Delays(first_token=0.0, per_token=3600.0))
    await at.start()
    client = client_of(at.url)
    stream = await client.chat.stream_async(**ASK)
    connection = await client.audio.realtime.connect("voxtral-mini-transcribe-realtime-2602")
    await at.wait_for(Sent, lambda sent: sent.endpoint == "chat")
    await at.stop()
    with pytest.raises(httpx2.TransportError):
        [event async for event in stream]
    await connection.close()
    assert {(closed.endpoint, closed.by) for closed in at.log.of(Closed)} == {("chat", "server"), ("transcription", "server")}


async def test_it_can_come_back_at_the_same_port() -> None:
    async with MistralServer() as first:
        port = first.port
    async with MistralServer(port=port) as second, httpx2.AsyncClient() as http:
        assert second.url == f"http://127.0.0.1:{port}"
        assert (await http.get(f"{second.url}/v1/unknown")).status_code == 404


async def test_streams_are_numbered_across_endpoints(client_of: ClientOf) -> None:
    async with MistralServer(delays=Delays(first_token=0.0, per_token=0.0)) as at:
        client = client_of(at.url)
        await client.chat.complete_async(**ASK)
        await (await client.audio.realtime.connect("voxtral-mini-transcribe-realtime-2602")).close()
        assert [(request.endpoint, request.stream) for request in at.log.of(Request)] == [("chat", 0), ("transcription", 1)]


async def start_process(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "voicegraph.testing.mistral", *arguments, stdout=-1, stderr=-1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_as_a_process_it_tells_its_url_and_ends_clean(client_of: ClientOf, number: signal.Signals) -> None:
    process = await start_process("--delay", "first_token=1ms", "--delay", "per_token=0", "--reply", "Hello from afar.")
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    answer = await client_of(url).chat.complete_async(**ASK)
    assert answer.choices[0].message is not None
    assert answer.choices[0].message.content == "Hello from afar."
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--delay", "first_tok=1"], "no delay 'first_tok'; there are"), (["--delay", "final=soon"], "final takes a number")],
)
def test_a_wrong_delay_is_explained(arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["mistral", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert sentence in capsys.readouterr().err


async def test_a_port_that_is_taken_is_explained() -> None:
    async with MistralServer() as at:
        with pytest.raises(OSError, match=str(at.port)):
            await MistralServer(port=at.port).start()
        process = await start_process("--port", str(at.port))
        _, err = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 2
        assert f"cannot listen on port {at.port}" in err.decode()
