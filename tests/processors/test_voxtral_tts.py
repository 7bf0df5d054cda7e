"""Spoken through the real client by the server that gives each text a tone of its own."""

import base64
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.conftest import Until
from voicegraph.audio.wav import wav_bytes
from voicegraph.core.ledger import Span
from voicegraph.errors import CallFailed
from voicegraph.frames import ReplyAudio, ReplyText, VoiceSample
from voicegraph.processors.voxtral_tts import VoxtralTts, VoxtralTtsSettings
from voicegraph.testing.mistral import Closed, Delays, FaultPlan, Faults, MistralServer, Opened, Received, Record, Request, Script
from voicegraph.testing.runner import OneNode
from voicegraph.testing.speech import murmur, silence

QUICK = Delays(first_sound=0.0, speech_speed=1000.0)
OLD = "voxtral-mini-tts-2603"
NEW = "voxtral-mini-tts-3-0"
SAMPLE = VoiceSample(pcm=murmur(5.0), rate=24_000)
NONE = VoiceSample(pcm=silence(0.0), rate=24_000)
TEXT = "Hello there, how are you? It is a fine day in Paris. Goodbye now, my friend."


@asynccontextmanager
async def speaking(faults: FaultPlan = Faults(), delays: Delays = QUICK, **options: Any) -> AsyncIterator[tuple[OneNode, MistralServer]]:  # noqa: B008
    async with MistralServer(Script(tone=lambda text: 200.0 + 10 * len(text)), delays, faults) as server:
        settings = {"api_key": "key", "base_url": server.url, **options}
        async with OneNode(VoxtralTts, settings) as node:
            yield node, server


def give(node: OneNode, text: str, epoch: int | None, size: int = 5, spoken: bool = True) -> None:
    """A reply's text in small pieces, as an agent writes it, with an empty last one."""
    for at in range(0, len(text), size):
        node.give("text", ReplyText(epoch=epoch, text=text[at : at + size], at=at, spoken=spoken))
    node.give("text", ReplyText(epoch=epoch, text="", at=len(text), last=True, spoken=spoken))


async def reply(until: Until, node: OneNode, text: str) -> list[ReplyAudio]:
    """All frames of one reply, to its last."""
    before, epoch = len(node.sent("audio")), node.begin()
    give(node, text, epoch)
    await until(lambda: any(frame.last for frame in node.sent("audio")[before:]))
    frames = node.sent("audio")[before:]
    assert {frame.epoch for frame in frames} == {epoch}
    return frames


def tone(frames: list[ReplyAudio]) -> float:
    pcm = np.concatenate([frame.pcm for frame in frames])
    return float(np.argmax(np.abs(np.fft.rfft(pcm))) * 24000 / len(pcm))


async def recast(until: Until, node: OneNode) -> None:
    processor: Any = node.processor
    await until(lambda: processor.recasting.done())


async def lend(until: Until, node: OneNode, sample: VoiceSample) -> None:
    """Give it a voice, and wait until it has it."""
    node.give("voice", sample)
    await recast(until, node)


def length(clip: str) -> float:
    """Seconds of a clip as it is sent."""
    with wave.open(io.BytesIO(base64.b64decode(clip))) as wav:
        return float(wav.getnframes() / wav.getframerate())


def spoken_with(server: MistralServer) -> list[str | None]:
    """The clip of each piece of text that was asked for, in order."""
    clips: dict[int, str | None] = {}
    found: list[str | None] = []
    for record in server.log.of(Record):
        match record:
            case Request(endpoint="speech", body=body):
                found.append(body.get("ref_audio"))
            case Received(message={"type": "session.update", "session": session}):
                clips[record.stream] = session.get("ref_audio")
            case Received(message={"type": "input_text.flush"}):
                found.append(clips[record.stream])
    return found


both = pytest.mark.parametrize("model", [NEW, OLD], ids=["websocket", "http"])


@both
async def test_every_character_belongs_to_a_span_that_is_spoken_in_order(until: Until, model: str) -> None:
    async with speaking(model=model) as (node, _):
        frames = await reply(until, node, TEXT)
    spans = [span for span, _ in groupby(frame.span for frame in frames) if span]
    assert "".join(span.text for span in spans) == TEXT
    assert [span.at for span in spans] == [TEXT.index(span.text) for span in spans]
    assert [frame.span for frame in frames if frame.ends] == spans


@both
async def test_each_span_has_its_own_sound(until: Until, model: str) -> None:
    async with speaking(model=model) as (node, _):
        frames = await reply(until, node, TEXT)
    for span, group in groupby(frames, key=lambda frame: frame.span):
        if span:
            assert tone(list(group)) == pytest.approx(200 + 10 * len(span.text), abs=3)


@both
async def test_only_the_last_frame_is_the_last(until: Until, model: str) -> None:
    async with speaking(model=model) as (node, _):
        frames = await reply(until, node, TEXT)
    assert [frame.last for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert all(frame.rate == 24000 for frame in frames)


@both
async def test_sound_comes_before_the_text_is_complete(until: Until, model: str) -> None:
    async with speaking(model=model) as (node, _):
        node.give("text", ReplyText(epoch=node.begin(), text="Hello there, I am", at=0))
        await until(lambda: any(frame.ends for frame in node.sent("audio")))
        assert node.sent("audio")[0].span == Span("Hello there, ", 0)


async def test_without_a_floor_every_reply_is_spoken(until: Until) -> None:
    async with speaking() as (node, _):
        for count in (1, 2):
            give(node, TEXT, epoch=None)
            await until(lambda count=count: sum(frame.last for frame in node.sent("audio")) == count)  # type: ignore[misc]
    spans = [span for span, _ in groupby(frame.span for frame in node.sent("audio")) if span]
    assert "".join(span.text for span in spans) == TEXT * 2


async def test_an_empty_reply_ends_at_once(until: Until) -> None:
    async with speaking() as (node, _):
        (frame,) = await reply(until, node, "")
        assert frame.last
        assert not len(frame.pcm)


async def test_what_is_not_spoken_makes_no_sound(until: Until) -> None:
    async with speaking() as (node, server):
        give(node, "For the screen only.", node.begin(), spoken=False)
        await until(lambda: bool(node.sent("audio")) and node.sent("audio")[-1].last)
        assert not sum(len(frame.pcm) for frame in node.sent("audio"))
        shown = [frame.span for frame in node.sent("audio") if frame.ends]
        assert ("".join(span.text for span in shown), {span.spoken for span in shown}) == ("For the screen only.", {False})
        assert not server.log.of(Received, lambda record: record.message["type"] == "input_text.flush")


async def test_a_piece_with_nothing_to_say_is_passed_over(until: Until) -> None:
    async with speaking() as (node, server):
        frames = await reply(until, node, "Hello there, my old friend. 🙂")
    assert "".join(frame.span.text for frame in frames if frame.span and frame.ends) == "Hello there, my old friend. 🙂"
    flushed = server.log.of(Received, lambda record: record.message["type"] == "input_text.flush")
    assert all(any(map(str.isalnum, record.message["text"])) for record in flushed)


@both
async def test_after_an_interruption_nothing_of_the_old_reply_is_heard(until: Until, model: str) -> None:
    async with speaking(delays=Delays(first_sound=0.0, speech_speed=3.0), model=model) as (node, server):
        epoch = node.begin()
        give(node, TEXT, epoch)
        await until(lambda: len(node.sent("audio")) > 2)
        node.drop()
        before = len(node.sent("audio"))
        server.delays = QUICK
        closed = await server.wait_for(Closed)
        assert closed.by == "client"
        give(node, "Yes.", node.begin())
        await until(lambda: any(frame.last for frame in node.sent("audio")[before:]))
        frames = node.sent("audio")[before:]
        assert epoch not in {frame.epoch for frame in frames}
        assert tone([frame for frame in frames if frame.span]) == pytest.approx(240, abs=3)


async def test_a_lost_connection_is_not_noticed_before_there_is_sound(until: Until) -> None:
    async with speaking({"realtime_speech": Faults(drop_after=2, first=1)}) as (node, _):
        frames = await reply(until, node, "Good morning.")
        assert tone([frame for frame in frames if frame.span]) == pytest.approx(330, abs=3)


@both
async def test_a_voice_that_breaks_off_fails_the_reply(model: str) -> None:
    async with speaking({"realtime_speech": Faults(drop_after=4), "speech": Faults(drop_after=2)}, model=model) as (node, _):
        give(node, "How are you today my friend", node.begin())
        assert "was lost" in await node.session.wait()


async def test_an_unknown_voice_ends_the_call_with_a_sentence() -> None:
    async with speaking(voice="nobody") as (node, _):
        assert "Voice not found: nobody" in await node.session.wait()


async def test_a_clip_is_sent_as_the_voice(tmp_path: Path) -> None:
    clip = tmp_path / "voice.wav"
    clip.write_bytes(wav_bytes(murmur(5.0, rate=44_100), 44_100))
    async with speaking(ref_audio=str(clip)) as (_, server):
        update = await server.wait_for(Received)
    assert length(update.message["session"]["ref_audio"]) == pytest.approx(5.0, abs=0.05)
    assert "voice" not in update.message["session"]


async def test_a_clip_that_is_not_there_ends_the_call_with_a_sentence() -> None:
    with pytest.raises(CallFailed, match=r"nowhere\.wav cannot be read"):
        async with speaking(ref_audio="nowhere.wav"):
            pass


async def test_a_clip_that_will_not_do_ends_the_call_with_a_sentence(tmp_path: Path) -> None:
    clip = tmp_path / "voice.wav"
    clip.write_bytes(wav_bytes(murmur(1.0), 24_000))
    with pytest.raises(CallFailed, match=r"voice\.wav cannot be used\. .* at least 3 s are needed"):
        async with speaking(ref_audio=str(clip)):
            pass


@both
async def test_a_callers_voice_speaks_from_the_next_reply_on_until_it_is_taken_back(until: Until, model: str) -> None:
    async with speaking(model=model) as (node, server):
        await reply(until, node, "Hello.")
        for sample in (SAMPLE, NONE):
            node.drop()
            await lend(until, node, sample)
            await reply(until, node, "Hello.")
        assert [None if clip is None else length(clip) for clip in spoken_with(server)] == [None, pytest.approx(5.0), None]


async def test_a_reply_under_way_keeps_its_voice(until: Until) -> None:
    async with speaking(delays=Delays(first_sound=0.0, speech_speed=3.0)) as (node, server):
        give(node, TEXT, node.begin())
        await until(lambda: len(node.sent("audio")) > 2)
        node.give("voice", SAMPLE)
        await server.wait_for(Received, lambda record: "ref_audio" in record.message.get("session", ()), count=2)
        server.delays = QUICK
        await until(lambda: any(frame.last for frame in node.sent("audio")))
        assert set(spoken_with(server)) == {None}
        node.drop()
        await server.wait_for(Closed, count=2)  # the former voice's connections
        await reply(until, node, "Hello.")
        assert spoken_with(server)[-1] is not None


async def test_a_callers_voice_that_the_service_refuses_does_not_end_the_call(until: Until) -> None:
    async with speaking() as (node, server):
        server.script = replace(server.script, clones=False)
        await lend(until, node, SAMPLE)
        await until(lambda: bool(node.sent("events")))
        (event,) = node.sent("events")
        assert event.data["message"].startswith("The replies go on in the former voice. ")
        await recast(until, node)
        await reply(until, node, "Hello.")
        assert node.failure is None


async def test_over_http_such_a_voice_costs_the_first_reply_only(until: Until) -> None:
    async with speaking(model=OLD) as (node, server):
        server.script = replace(server.script, clones=False)
        await lend(until, node, SAMPLE)
        give(node, "Hello.", node.begin())
        await until(lambda: bool(node.sent("events")))
        assert node.sent("events")[0].data["message"].startswith("The replies go on in the former voice. ")


async def test_a_voice_that_cannot_be_opened_changes_nothing(until: Until) -> None:
    async with speaking() as (node, server):
        server.set_faults({"realtime_speech": Faults(status=503)})
        node.give("voice", SAMPLE)
        await until(lambda: bool(node.sent("events")))
        assert node.sent("events")[0].data["message"].startswith("The voice stays as it is. ")
        await reply(until, node, "Hello.")


async def test_an_older_model_is_asked_over_http(until: Until) -> None:
    async with speaking(model=OLD, expressiveness=2.0) as (node, server):
        await reply(until, node, "Good morning.")
        body = server.log.of(Request)[0].body
    assert (body["input"], body["voice_id"], body["response_format"], body["expressiveness"]) == ("Good morning.", "gb_jane_neutral", "pcm", 2.0)


async def test_connections_are_open_before_the_first_reply_and_closed_after_the_call() -> None:
    async with speaking() as (_, server):
        await server.wait_for(Opened, count=2)
    await server.wait_for(Closed, count=2)


def test_a_voice_and_a_clip_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="exclude each other"):
        VoxtralTtsSettings(voice="gb_jane_neutral", ref_audio=Path("voice.wav"))
