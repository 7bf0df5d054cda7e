"""Speech over HTTP: `POST /v1/audio/speech`, streamed or not."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Container

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.outbox import Outbox
from voicegraph.testing.mistral.refusals import bad_request, missing
from voicegraph.testing.mistral.stream import EventStream, WholeAnswer
from voicegraph.testing.mistral.visit import Visit
from voicegraph.testing.mistral.voice import FORMATS, generation, seconds_of, sound_of
from voicegraph.testing.mistral.voices import SAVED


async def speech(visit: Visit) -> web.StreamResponse:
    """Serve one request. Raises Refusal."""
    _check(visit.body, {*visit.script.voices, *visit.request.app[SAVED]}, visit.script.clones)
    visit.opened()
    return await (_streamed(visit) if visit.body.get("stream") else _whole(visit))


def _check(body: Event, voices: Container[str], clones: bool) -> None:
    voice, response_format = body.get("voice_id"), body.get("response_format") or "mp3"
    if not isinstance(body.get("input"), str):
        raise missing("input")
    if voice is not None and voice not in voices:
        raise bad_request(f"Voice not found: {voice}", status=404)
    if body.get("ref_audio") and not clones:
        raise bad_request("The reference audio cannot be used", status=422)
    if response_format not in FORMATS:
        raise bad_request(f"This server makes pcm and wav only, not {response_format}")


async def _streamed(visit: Visit) -> web.StreamResponse:
    stream = EventStream(visit, named=True)
    outbox = Outbox()
    outbox.put(generation(visit.body["input"], visit.body["response_format"], visit.script, visit.delays, visit.faults))
    await stream.open()
    kind = ""
    while kind != "speech.audio.done":
        event = (await outbox.next()).event
        await stream.send(event)
        kind = event["type"]
    await stream.finish()
    return stream.response


async def _whole(visit: Visit) -> web.StreamResponse:
    text, script, delays = visit.body["input"], visit.script, visit.delays
    answer = WholeAnswer(visit)
    await answer.open()
    await asyncio.sleep(delays.first_sound + seconds_of(text, script) / delays.speech_speed)
    sound = sound_of(text, visit.body["response_format"], script)
    await answer.send({"audio_data": base64.b64encode(sound).decode()})
    visit.finish()
    return answer.response
