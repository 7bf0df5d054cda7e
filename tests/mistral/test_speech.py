"""Voices over HTTP and over a WebSocket, against the server that speaks each text in a tone of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.mistral import realtime_speech
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.realtime_speech import RealtimeVoice
from voicegraph.mistral.speech import RATE, HttpVoice, Manner, Voice, spoken, to_int16
from voicegraph.testing.mistral import Closed, Delays, Endpoint, FaultPlan, Faults, MistralServer, Opened, Received, Request, Script

TONES = {"Hello.": 400.0, "How are you?": 800.0, "Goodbye.": 1600.0}
SCRIPT = Script(tone=lambda text: TONES[text.strip()])
QUICK = Delays(first_sound=0.0, speech_speed=1000.0)
REALTIME = Manner("voxtral-mini-tts-3-0", voice="gb_jane_neutral")
HTTP = Manner("voxtral-mini-tts-2603", voice="gb_jane_neutral")


@asynccontextmanager
async def speaking(server: MistralServer, manner: Manner, refused: Callable[[str], None] = pytest.fail) -> AsyncIterator[Voice]:
    clients = MistralClients()
    sdk = clients.get("key", server.url)
    voice: Voice = HttpVoice(sdk, manner) if manner is HTTP else RealtimeVoice(sdk, clients.sockets, manner, refused)
    try:
        await voice.open()
        yield voice
    finally:
        await voice.close()
        await clients.close()


async def sound(voice: Voice, text: str) -> Pcm:
    return np.concatenate([pcm async for pcm in spoken(voice, text, await voice.say(text))])


def tone(pcm: Pcm) -> float:
    """The loudest frequency, in Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(pcm))) * RATE / len(pcm))


both = pytest.mark.parametrize(("manner", "endpoint"), [(REALTIME, "realtime_speech"), (HTTP, "speech")], ids=["websocket", "http"])


@both
async def test_text_becomes_its_sound(manner: Manner, endpoint: Endpoint) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, manner) as voice:
        for text, frequency in TONES.items():
            pcm = await sound(voice, text)
            assert tone(pcm) == pytest.approx(frequency, abs=5)
            assert len(pcm) == pytest.approx(len(text) * SCRIPT.seconds_per_character * RATE, abs=2)


@both
async def test_the_next_piece_can_be_asked_for_while_the_first_still_comes(manner: Manner, endpoint: Endpoint) -> None:
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, manner) as voice:
        flows = [(text, await voice.say(text)) for text in TONES]
        for text, flow in flows:
            pcm = np.concatenate([pcm async for pcm in spoken(voice, text, flow)])
            assert tone(pcm) == pytest.approx(TONES[text], abs=5)


@both
async def test_deltas_that_end_inside_a_sample(manner: Manner, endpoint: Endpoint) -> None:
    async with MistralServer(SCRIPT, QUICK, Faults(odd_chunks=True)) as server, speaking(server, manner) as voice:
        assert tone(await sound(voice, "Hello.")) == pytest.approx(TONES["Hello."], abs=5)


@both
async def test_a_failure_before_any_sound_is_tried_once_more(manner: Manner, endpoint: Endpoint) -> None:
    faults: FaultPlan = {endpoint: Faults(drop_after=2 if manner is REALTIME else 0, first=1)}
    async with MistralServer(SCRIPT, QUICK, faults) as server, speaking(server, manner) as voice:
        assert tone(await sound(voice, "Hello.")) == pytest.approx(TONES["Hello."], abs=5)


async def test_an_http_error_is_told_without_asking_again() -> None:
    """The client has tried again already where that could help; once more, and the caller would wait in vain."""
    async with MistralServer(SCRIPT, QUICK, {"speech": Faults(status=501)}) as server, speaking(server, HTTP) as voice:
        with pytest.raises(ReplyFailed, match="501"):
            await sound(voice, "Hello.")
        assert len(server.log.of(Request)) == 1


@both
async def test_a_delta_that_holds_no_sound_is_passed_over(manner: Manner, endpoint: Endpoint) -> None:
    noise = tuple(f'{{"type": "speech.audio.delta"{field}}}' for field in ("", ', "audio_data": null', ', "audio_data": "A"'))
    faults: FaultPlan = {endpoint: Faults(noise=noise, noise_after=3)}
    async with MistralServer(SCRIPT, QUICK, faults) as server, speaking(server, manner) as voice:
        assert tone(await sound(voice, "How are you?")) == pytest.approx(TONES["How are you?"], abs=5)


@both
async def test_a_failure_in_the_sound_fails_the_reply(manner: Manner, endpoint: Endpoint) -> None:
    faults: FaultPlan = {endpoint: Faults(drop_after=4)}
    async with MistralServer(SCRIPT, QUICK, faults) as server, speaking(server, manner) as voice:
        with pytest.raises(ReplyFailed):
            await sound(voice, "How are you?")


async def test_a_piece_that_was_asked_for_ahead_survives_the_loss_of_its_connection() -> None:
    faults: FaultPlan = {"realtime_speech": Faults(close_after=2, first=1)}
    async with MistralServer(SCRIPT, QUICK, faults) as server, speaking(server, REALTIME) as voice:
        flows = [(text, await voice.say(text)) for text in TONES]
        for text, flow in flows:
            assert tone(np.concatenate([pcm async for pcm in spoken(voice, text, flow)])) == pytest.approx(TONES[text], abs=5)


async def test_a_reply_stopped_in_the_middle_leaves_nothing_to_the_next() -> None:
    slow = Delays(first_sound=0.0, speech_speed=5.0)
    async with MistralServer(SCRIPT, slow) as server, speaking(server, REALTIME) as voice:
        await server.wait_for(Opened, count=2)
        flow = await voice.say("How are you?")
        async for _ in flow.pcm():
            break
        voice.stop()
        assert tone(await sound(voice, "Hello.")) == pytest.approx(TONES["Hello."], abs=5)
        closed = await server.wait_for(Closed)
        assert (closed.stream, closed.by, closed.finished) == (0, "client", False)
        await server.wait_for(Opened, count=3)  # the next spare


async def test_a_reply_that_is_complete_leaves_the_connection_to_the_next() -> None:
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, REALTIME) as voice:
        await sound(voice, "Hello.")
        voice.stop()
        await sound(voice, "Goodbye.")
        assert {record.stream for record in server.log.of(Received, lambda record: record.message["type"] == "input_text.flush")} == {0}


async def test_stopping_cancels_http_requests() -> None:
    slow = Delays(first_sound=0.0, speech_speed=5.0)
    async with MistralServer(SCRIPT, slow) as server, speaking(server, HTTP) as voice:
        async for _ in (await voice.say("How are you?")).pcm():
            break
        voice.stop()
        closed = await server.wait_for(Closed)
        assert (closed.by, closed.finished) == ("client", False)


async def test_not_more_than_two_http_requests_run_at_once() -> None:
    async with MistralServer(SCRIPT, QUICK, {"speech": Faults(stall_after=0, first=2)}) as server, speaking(server, HTTP) as voice:
        flows = [await voice.say(text) for text in TONES]
        await server.wait_for(Request, count=2)
        voice.stop()
        await server.wait_for(Closed, count=2)
        assert len(flows) == 3
        assert len(server.log.of(Request)) == 2


async def test_connections_lost_while_idle_are_replaced_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime_speech, "PROVEN", 0.0)
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, REALTIME) as voice:
        await server.wait_for(Opened, count=2)
        await server.stop()
        await server.start()
        assert tone(await sound(voice, "Hello.")) == pytest.approx(TONES["Hello."], abs=5)


async def test_an_unknown_voice_is_told() -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def refused(sentence: str) -> None:
        if not told.done():
            told.set_result(sentence)

    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, Manner("voxtral-mini-tts-3-0", voice="nobody"), refused):
        assert "Voice not found: nobody" in await told


async def test_a_refused_key_is_told_when_the_call_starts() -> None:
    async with MistralServer(SCRIPT, QUICK, api_key="another") as server:
        with pytest.raises(CallFailed, match="refused the key"):
            async with speaking(server, REALTIME):
                pass


async def test_a_service_that_is_gone_fails_the_reply() -> None:
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, REALTIME) as voice:
        await server.wait_for(Opened, count=2)
        await server.stop()
        with pytest.raises(ReplyFailed, match="cannot be reached"):
            await sound(voice, "Hello.")


async def test_the_session_is_asked_for_what_was_set() -> None:
    manner = Manner("voxtral-mini-tts-3-0", ref_audio="QUJD", expressiveness=1.5)
    async with MistralServer(SCRIPT, QUICK) as server, speaking(server, manner):
        update = await server.wait_for(Received)
    assert update.message["session"] == {"ref_audio": "QUJD", "response_format": "pcm", "streaming_mode": "responsive", "expressiveness": 1.5}


def test_full_scale_and_beyond() -> None:
    floats = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5], "<f4")
    assert to_int16(floats.tobytes()).tolist() == [0, 32767, -32767, 32767, -32767, 16384]
