"""Realtime transcription on loopback, with the client of the SDK as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from mistralai.client import Mistral
from mistralai.client.models import AudioFormat, TurnDetectionConfig
from mistralai.extra.exceptions import RealtimeTranscriptionException
from mistralai.extra.realtime import RealtimeConnection, UnknownRealtimeEvent
from websockets.exceptions import ConnectionClosedError

from voicegraph.testing.mistral import Closed, Delays, Faults, MistralServer, Received, Request, Script

ClientOf = Callable[..., Mistral]
Connect = Callable[..., Coroutine[Any, Any, RealtimeConnection]]

V2 = "voxtral-mini-transcribe-realtime-2602"
V3 = "voxtral-mini-transcribe-realtime-3-0"
FAST = Delays(final=0.0)
PCM = AudioFormat(encoding="pcm_s16le", sample_rate=16000)


def speech(seconds: float) -> bytes:
    return bytes((9000 * np.sin(2 * np.pi * 300 / 16000 * np.arange(round(seconds * 16000)))).astype("<i2"))


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * 16000))


def server(*utterances: str, **options: Any) -> MistralServer:
    return MistralServer(Script(utterances=utterances or ("hello there",)), options.pop("delays", FAST), **options)


@pytest.fixture
def connect(client_of: ClientOf) -> Connect:
    async def connect(at: MistralServer, model: str = V2, key: str = "any", **session: Any) -> RealtimeConnection:
        return await client_of(at.url, key).audio.realtime.connect(model, **session)

    return connect


async def events_of(connection: RealtimeConnection) -> list[Any]:
    return [event async for event in connection]


def text_of(events: list[Any]) -> str:
    return "".join(event.text for event in events if event.type == "transcription.text.delta")


async def test_a_session_from_its_greeting_to_its_end(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at, audio_format=PCM, target_streaming_delay_ms=240, language="en", context_bias=["Voxtral"])
        await connection.send_audio(speech(1.0))
        await connection.flush_audio()
        await connection.end_audio()
        events = await events_of(connection)
        assert not [event for event in events if isinstance(event, UnknownRealtimeEvent)]
        names = ["session.created", "session.updated", "transcription.language"] + ["transcription.text.delta"] * 2 + ["transcription.done"]
        assert [event.type for event in events] == names
        assert events[1].session.target_streaming_delay_ms == 240
        assert text_of(events) == events[-1].text == "hello there"
        assert events[-1].usage.prompt_audio_seconds == 1
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished, closed.code) == ("server", True, 1000)


async def test_audio_may_be_cut_anywhere_even_inside_a_sample(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at)
        sound = speech(1.0)
        for start in range(0, len(sound), 641):
            await connection.send_audio(sound[start : start + 641])
        await connection.end_audio()
        assert text_of(await events_of(connection)) == "hello there"
        assert sum(record.samples for record in at.log.of(Received)) == 16000


async def test_audio_comes_in_every_encoding(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at, audio_format=AudioFormat(encoding="pcm_f32le", sample_rate=24000))
        await connection.send_audio((0.3 * np.sin(2 * np.pi * 300 / 24000 * np.arange(24000))).astype("<f4").tobytes())
        await connection.end_audio()
        assert text_of(await events_of(connection)) == "hello there"


async def test_turns_are_told_when_the_session_asks_for_them(connect: Connect) -> None:
    async with server("I want|a pizza") as at:
        connection = await connect(at, V3, audio_format=PCM, turn_detection=TurnDetectionConfig(min_silence_ms=400))
        await connection.send_audio(speech(1.0) + silence(0.3) + speech(1.0) + silence(1.0))
        events: list[Any] = []
        async for event in connection:
            events.append(event)
            if event.type == "transcription.done":
                break
        turns = [event for event in events if event.type.startswith("turn.")]
        assert [event.type for event in turns] == ["turn.start", "turn.eager_end", "turn.resume", "turn.eager_end", "turn.end"]
        assert turns[-1].end_reason == "threshold"
        assert turns[-1].time_s == pytest.approx(2.7, abs=0.05)
        assert events[-1].text == "I want a pizza"


async def test_without_asking_voxtral_3_tells_no_turns(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at, V3)
        await connection.send_audio(speech(1.0) + silence(2.0))
        await connection.end_audio()
        assert not [event for event in await events_of(connection) if event.type.startswith("turn.")]


async def test_settings_are_locked_at_the_first_audio(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at)
        await connection.send_audio(silence(0.1))
        await connection.update_session(language="fr")
        await connection.end_audio()
        errors = [event for event in await events_of(connection) if event.type == "error"]
        assert "after audio has started" in errors[0].error.message


async def test_too_much_audio_at_once_is_an_error_event_and_the_session_goes_on(connect: Connect) -> None:
    async with server() as at:
        connection = await connect(at)
        await connection.send_audio(bytes(262_146))
        await connection.send_audio(speech(1.0))
        await connection.end_audio()
        events = await events_of(connection)
        assert "262144" in next(event for event in events if event.type == "error").error.message
        assert text_of(events) == "hello there"


async def test_a_client_that_leaves_is_seen_at_once(connect: Connect) -> None:
    async with server(delays=Delays(final=3600.0)) as at:
        connection = await connect(at)
        await connection.send_audio(speech(1.0))
        await connection.flush_audio()
        await at.wait_for(Received, lambda record: record.message["type"] == "input_audio.flush")
        await connection.close()
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished, closed.code) == ("client", False, 1000)


async def test_the_log_has_the_handshake_and_may_keep_the_audio(connect: Connect) -> None:
    async with server(keep_audio=True) as at:
        connection = await connect(at, V2)
        await connection.send_audio(speech(0.1))
        await connection.end_audio()
        await events_of(connection)
        assert at.log.of(Request)[0].query == {"model": V2}
        assert [record.audio for record in at.log.of(Received) if record.samples] == [speech(0.1)]


async def test_a_refused_key_fails_the_handshake(connect: Connect) -> None:
    async with server(api_key="the right one") as at:
        with pytest.raises(RealtimeTranscriptionException, match="401"):
            await connect(at, key="another")
        await (await connect(at, key="the right one")).close()


async def test_only_the_first_requests_may_be_struck(connect: Connect) -> None:
    async with server(faults={"transcription": Faults(status=429, retry_after=1, first=2)}) as at:
        for _ in range(2):
            with pytest.raises(RealtimeTranscriptionException, match="429"):
                await connect(at)
        await (await connect(at)).close()


async def test_a_done_that_is_lost_leaves_the_deltas(connect: Connect) -> None:
    async with server("one", "two", faults=Faults(done_lost_from=2)) as at:
        connection = await connect(at)
        for _ in range(2):
            await connection.send_audio(speech(1.0))
            await connection.flush_audio()
        await connection.end_audio()
        events = await events_of(connection)
        assert text_of(events) == "onetwo"
        assert [event.text for event in events if event.type == "transcription.done"] == ["one"]


async def test_a_done_may_hold_the_whole_session(connect: Connect) -> None:
    async with server("one", "two", faults=Faults(done_cumulative=True)) as at:
        connection = await connect(at)
        for _ in range(2):
            await connection.send_audio(speech(1.0))
            await connection.flush_audio()
        await connection.end_audio()
        assert [event.text for event in await events_of(connection) if event.type == "transcription.done"] == ["one", "one two"]


async def test_noise_in_the_stream_is_unknown_to_the_client_and_does_no_harm(connect: Connect) -> None:
    noise = ('{"type":"from.the.future"}', '{"type":"turn.end","time_s":1}', "no JSON")
    async with server(faults=Faults(noise=noise)) as at:
        connection = await connect(at)
        await connection.send_audio(speech(1.0))
        await connection.end_audio()
        events = await events_of(connection)
        assert [event.type for event in events if isinstance(event, UnknownRealtimeEvent)] == ["from.the.future", "turn.end", None]
        assert text_of(events) == "hello there"


async def test_an_error_event_in_the_stream(connect: Connect) -> None:
    async with server(faults=Faults(error_after=1)) as at:
        connection = await connect(at)
        await connection.end_audio()
        assert [event.type for event in await events_of(connection)] == ["session.created", "error"]


async def test_an_error_in_place_of_the_greeting(connect: Connect) -> None:
    async with server(faults=Faults(error_after=0)) as at:
        with pytest.raises(RealtimeTranscriptionException, match="Internal server error"):
            await connect(at)


@pytest.mark.parametrize("faults", [Faults(close_after=2), Faults(drop_after=2)], ids=["close", "drop"])
async def test_a_line_that_breaks_in_mid_stream(connect: Connect, faults: Faults) -> None:
    async with server(faults=faults) as at:
        connection = await connect(at, language="en")
        with pytest.raises(ConnectionClosedError):
            await events_of(connection)
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("server", False)


@pytest.mark.parametrize("faults", [Faults(close_after=0), Faults(drop_after=0)], ids=["close", "drop"])
async def test_a_line_that_breaks_at_the_handshake(connect: Connect, faults: Faults) -> None:
    async with server(faults=faults) as at:
        with pytest.raises(RealtimeTranscriptionException):
            await connect(at)


async def test_a_close_with_code_1000_ends_the_session_silently(connect: Connect) -> None:
    async with server(faults=Faults(close_after=1, close_code=1000)) as at:
        assert [event.type for event in await events_of(await connect(at))] == ["session.created"]


async def test_a_server_that_never_answers(connect: Connect) -> None:
    async with server(faults=Faults(stall_after=0)) as at:
        with pytest.raises(RealtimeTranscriptionException, match="Timeout"):
            await connect(at, timeout_ms=50)
        closed = await at.wait_for(Closed)
        assert (closed.by, closed.finished) == ("client", False)


async def test_a_close_that_is_never_answered(connect: Connect) -> None:
    async with server(faults=Faults(ignore_close=True)) as at:
        connection = await connect(at)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.close(), 0.05)
        assert not at.log.of(Closed)
        await at.stop()
        assert [closed.by for closed in at.log.of(Closed)] == ["server"]
