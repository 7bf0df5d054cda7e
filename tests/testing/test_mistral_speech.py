"""Speech over HTTP and realtime speech on loopback, with the client of the SDK as it is."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from typing import Any

import httpx2
import numpy as np
import pytest
from mistralai.client import Mistral, errors
from mistralai.extra.exceptions import RealtimeSpeechException
from mistralai.extra.realtime import RealtimeSpeechConnection, UnknownRealtimeEvent
from numpy.typing import NDArray

from voicegraph.testing.mistral import Closed, Delays, Faults, MistralServer, Received, Script, Sent

ClientOf = Callable[..., Mistral]
RequestSpeech = Callable[..., Coroutine[Any, Any, Any]]
Connect = Callable[..., Coroutine[Any, Any, RealtimeSpeechConnection]]

MODEL = "voxtral-mini-tts-3-0"
VOICE = "gb_jane_neutral"
FAST = Delays(first_sound=0.0, speech_speed=1e9)
ENDLESS = Delays(first_sound=0.0, speech_speed=1e-6)


def server(delays: Delays = FAST, **options: Any) -> MistralServer:
    return MistralServer(options.pop("script", Script()), delays, **options)


@pytest.fixture
def request_speech(client_of: ClientOf) -> RequestSpeech:
    async def request_speech(at: MistralServer, text: str = "Hello.", **options: Any) -> Any:
        options = {"voice_id": VOICE, "response_format": "pcm", **options}
        return await client_of(at.url).audio.speech.complete_async(model=MODEL, input=text, **options)

    return request_speech


@pytest.fixture
def connect(client_of: ClientOf) -> Connect:
    async def connect(at: MistralServer, **options: Any) -> RealtimeSpeechConnection:
        return await client_of(at.url).audio.realtime_speech.connect(MODEL, **options)

    return connect


async def deltas_of(stream: AsyncIterable[Any]) -> list[bytes]:
    """The sound of each delta, up to the first `done`."""
    deltas = []
    async for event in stream:
        data = getattr(event, "data", event)
        if data.type == "speech.audio.delta":
            deltas.append(base64.b64decode(data.audio_data))
        if data.type == "speech.audio.done":
            break
    return deltas


async def events_of(stream: AsyncIterable[Any]) -> list[Any]:
    return [event async for event in stream]


def sound_of(pcm: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm, "<f4")


def frequency(sound: NDArray[np.float32]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound, 24000))))


class TestOverHttp:
    async def test_a_text_is_a_tone_as_long_as_itself(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            sound = sound_of(base64.b64decode((await request_speech(at, "Hello.")).audio_data))
            assert len(sound) == 6 * 0.06 * 24000
            assert frequency(sound) == pytest.approx(440, abs=3)
            assert np.abs(sound).max() == pytest.approx(0.3, abs=0.01)
            assert abs(sound[0]) < 0.001 > abs(sound[-1])

    async def test_the_stream_has_the_same_sound_in_pieces(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            async with await request_speech(at, "Hello you.", stream=True) as stream:
                events = [event async for event in stream]
            assert [event.event for event in events] == ["speech.audio.delta"] * 8 + ["speech.audio.done"]
            assert events[-1].data.usage.prompt_tokens == 2
            whole = (await request_speech(at, "Hello you.")).audio_data
            assert b"".join(base64.b64decode(event.data.audio_data) for event in events[:-1]) == base64.b64decode(whole)
            assert at.log.of(Sent)[0].event["audio_data"] == 0.08 * 24000 * 4
            assert [closed.finished for closed in at.log.of(Closed)] == [True, True]

    async def test_the_tone_may_depend_on_the_text(self, request_speech: RequestSpeech) -> None:
        async with server(script=Script(tone=lambda text: 100.0 * len(text))) as at:
            for text in ("12345", "1234567890"):
                assert frequency(sound_of(base64.b64decode((await request_speech(at, text)).audio_data))) == pytest.approx(100 * len(text), abs=3)

    async def test_deltas_may_cut_samples(self, request_speech: RequestSpeech) -> None:
        async with server(faults=Faults(odd_chunks=True)) as at:
            async with await request_speech(at, "Hello you.", stream=True) as stream:
                deltas = await deltas_of(stream)
            assert sum(len(delta) % 4 != 0 for delta in deltas) > len(deltas) / 2
            assert frequency(sound_of(b"".join(deltas))) == pytest.approx(440, abs=3)

    async def test_wav_is_made_too(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            file = base64.b64decode((await request_speech(at, "Hello.", response_format="wav")).audio_data)
            with wave.open(io.BytesIO(file)) as reader:
                assert (reader.getframerate(), reader.getnchannels(), reader.getnframes()) == (24000, 1, 8640)

    async def test_text_without_a_word_has_no_sound(self, request_speech: RequestSpeech) -> None:
        async with server() as at, await request_speech(at, " ", stream=True) as stream:
            assert await deltas_of(stream) == []

    async def test_an_unknown_voice_is_not_found(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            with pytest.raises(errors.SDKError, match="nobody") as caught:
                await request_speech(at, voice_id="nobody")
            assert caught.value.status_code == 404

    async def test_a_reference_clip_takes_the_place_of_a_voice(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            assert (await request_speech(at, voice_id=None, ref_audio="UklGRg==")).audio_data

    async def test_what_cannot_be_made_is_refused_with_a_sentence(self, request_speech: RequestSpeech) -> None:
        async with server() as at:
            with pytest.raises(errors.SDKError, match="pcm and wav only, not mp3"):
                await request_speech(at, response_format=None)

    async def test_a_missing_text_is_a_validation_error(self) -> None:
        async with server() as at, httpx2.AsyncClient() as http:
            answer = await http.post(f"{at.url}/v1/audio/speech", json={"voice_id": VOICE})
            assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "input"])

    async def test_a_stream_that_the_client_leaves_is_seen_at_once(self, request_speech: RequestSpeech) -> None:
        async with server(ENDLESS) as at:
            async with await request_speech(at, stream=True) as stream:
                await anext(stream)
            closed = await at.wait_for(Closed)
            assert (closed.by, closed.finished) == ("client", False)

    async def test_the_line_may_drop_in_mid_stream(self, request_speech: RequestSpeech) -> None:
        async with server(faults=Faults(drop_after=2)) as at:
            with pytest.raises(httpx2.TransportError):
                async with await request_speech(at, stream=True) as stream:
                    await deltas_of(stream)

    async def test_a_stream_may_end_without_its_done(self, request_speech: RequestSpeech) -> None:
        async with server(faults=Faults(close_after=2)) as at, await request_speech(at, stream=True) as stream:
            assert [event.event async for event in stream] == ["speech.audio.delta"] * 2


class TestRealtime:
    async def test_each_flush_is_spoken_and_done_in_order(self, connect: Connect) -> None:
        async with server(script=Script(tone=lambda text: 100.0 * len(text))) as at:
            connection = await connect(at, voice_id=VOICE, response_format="pcm")
            events = connection.events()
            await connection.send_text("123")
            await connection.flush("45")
            await connection.send_text("1234567890")
            await connection.flush()
            for length in (5, 10):
                sound = sound_of(b"".join(await deltas_of(events)))
                assert len(sound) == length * 0.06 * 24000
                assert frequency(sound) == pytest.approx(100 * length, abs=3)
                events = connection.events()
            await connection.close()

    async def test_the_session_tells_its_settings(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE, expressiveness=1.5, streaming_mode="long_form")
            await connection.end()
            created, updated = await events_of(connection)
            assert (created.session.model, created.session.voice, created.session.response_format) == (MODEL, None, "pcm")
            assert (updated.session.voice, updated.session.expressiveness, updated.session.streaming_mode) == (VOICE, 1.5, "long_form")
            assert not updated.session.is_ref_audio

    async def test_a_reference_clip_takes_the_place_of_a_voice(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, ref_audio="UklGRg==")
            await connection.end()
            assert (await events_of(connection))[-1].session.is_ref_audio

    async def test_an_end_speaks_what_is_left_and_closes(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.send_text("Hello.")
            await connection.end()
            kinds = [event.type async for event in connection]
            assert kinds == ["session.created", "session.updated"] + ["speech.audio.delta"] * 5 + ["speech.audio.done"]
            closed = await at.wait_for(Closed)
            assert (closed.by, closed.finished, closed.code) == ("server", True, 1000)

    async def test_a_flush_of_nothing_is_done_at_once(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush()
            assert await deltas_of(connection.events()) == []

    async def test_a_stream_of_text_is_spoken(self, client_of: ClientOf) -> None:
        async def words() -> AsyncIterator[str]:
            yield "Hel"
            yield "lo."

        async with server() as at:
            client = client_of(at.url)
            deltas = await deltas_of(client.audio.realtime_speech.speak_stream(words(), MODEL, voice_id=VOICE))
            assert len(sound_of(b"".join(deltas))) == 6 * 0.06 * 24000

    async def test_an_unknown_voice_closes_with_1008(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id="nobody")
            with pytest.raises(RealtimeSpeechException, match="nobody") as caught:
                await deltas_of(connection)
            assert caught.value.code == 1008
            closed = await at.wait_for(Closed)
            assert (closed.by, closed.finished) == ("server", False)

    async def test_voice_and_clip_together_are_an_error_event(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE, ref_audio="UklGRg==")
            await connection.end()
            assert "mutually exclusive" in (await events_of(connection))[-1].error.message

    async def test_a_client_that_leaves_in_mid_sound_is_seen_at_once(self, connect: Connect) -> None:
        async with server(ENDLESS) as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush("Hello.")
            await at.wait_for(Sent, lambda sent: sent.event["type"] == "speech.audio.delta")
            await connection.close()
            closed = await at.wait_for(Closed)
            assert (closed.by, closed.finished) == ("client", False)

    async def test_a_client_that_leaves_when_nothing_is_owed_has_finished(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush("Hello.")
            await deltas_of(connection)
            await connection.close()
            assert (await at.wait_for(Closed)).finished

    async def test_the_log_has_the_texts(self, connect: Connect) -> None:
        async with server() as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush("Hello.")
            received = await at.wait_for(Received, lambda record: record.message["type"] == "input_text.flush")
            assert received.message["text"] == "Hello."
            await connection.close()

    async def test_noise_in_the_stream_does_no_harm(self, connect: Connect) -> None:
        async with server(faults=Faults(noise=('{"type":"from.the.future"}',), noise_after=3)) as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush("Hello.")
            await connection.end()
            events = [event async for event in connection]
            assert isinstance(events[3], UnknownRealtimeEvent)
            assert events[-1].type == "speech.audio.done"

    @pytest.mark.parametrize("faults", [Faults(close_after=4), Faults(drop_after=4)], ids=["close", "drop"])
    async def test_a_line_that_breaks_in_mid_sound(self, connect: Connect, faults: Faults) -> None:
        async with server(faults={"realtime_speech": faults}) as at:
            connection = await connect(at, voice_id=VOICE)
            await connection.flush("Hello.")
            with pytest.raises(RealtimeSpeechException):
                await deltas_of(connection)
