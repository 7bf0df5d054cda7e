"""All of our providers pass the suite that is made for yours."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from voicegraph.errors import CallFailed
from voicegraph.frames import Clip, Event, ReplyAudio, ReplyText, Transcript, Turn, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.mistral import client, speech, transcription
from voicegraph.processors.backend_agent import BackendAgent
from voicegraph.processors.espeak_tts import EspeakTts
from voicegraph.processors.local_agent import LocalAgent
from voicegraph.processors.mistral_agent import MistralAgent
from voicegraph.processors.mistral_conversation import MistralConversation
from voicegraph.processors.openai_agent import OpenaiAgent
from voicegraph.processors.pocketsphinx_stt import PocketsphinxStt
from voicegraph.processors.translator import Translator
from voicegraph.processors.voxtral_stt import VoxtralStt
from voicegraph.processors.voxtral_transcribe import VoxtralTranscribe
from voicegraph.processors.voxtral_tts import VoxtralTts
from voicegraph.testing.conformance import AGENT, CLIPS, EARS, EARS_RATE, VOICE, Check, Condition, Open, under
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Script
from voicegraph.testing.runner import OneNode

QUICK = Delays(final=0.01, eager_end=0.1, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000, search=0.0, file_transcription=0.0)
SLOW = Delays(final=0.3, first_token=0.5, per_token=0.02, first_sound=0.5, speech_speed=5, search=0.5, file_transcription=0.5)
TROUBLE: Mapping[Condition, Faults] = {
    "well": Faults(),
    "slow": Faults(),
    "refusing": Faults(status=503),
    "dropping": Faults(drop_after=1),
    "stalled": Faults(stall_after=1),
}


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The SDK leaves its socket open when a connection is given up while it is being opened, as the process's end does with spare ones."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(transcription, "PAUSES", (0.0, 0.05))
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    monkeypatch.setattr(speech, "SILENCE", 2.5)
    yield
    gc.collect()  # here, and not in somebody else's test


def at_mistral(processor: type[Processor], unlinked: tuple[str, ...] = (), path: str = "", **options: Any) -> Open:
    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        delays = SLOW if condition == "slow" else QUICK
        script = Script(replies=["It is a fine day, and I am glad to tell you of it at some length. Well then."])
        async with MistralServer(script, delays) as server:
            server.set_faults(TROUBLE[condition])
            settings = {"api_key": "key", "base_url": server.url + path, **options}
            async with OneNode(processor, settings, rates={"audio": EARS_RATE, "clip": EARS_RATE}, unlinked=unlinked) as node:
                try:
                    yield node
                finally:
                    await server.stop()  # a server that stalls would not answer the closing handshakes either

    return open


def at_a_backend(**options: Any) -> Open:
    """A service of one's own, by the contract of docs/assistants/backend.md."""

    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        app = web.Application(client_max_size=2**24)
        app.add_routes([web.post("/v1/register", _registered), web.post("/v1/chat", partial(_answered, condition))])
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with OneNode(BackendAgent, {"base_url": f"http://127.0.0.1:{runner.addresses[0][1]}", **options}) as node:
                yield node
        finally:
            await runner.cleanup()

    return open


async def _registered(_: web.Request) -> web.Response:
    return web.json_response({"id": "mine"})


async def _answered(condition: Condition, request: web.Request) -> web.StreamResponse:
    await request.json()
    if condition == "refusing":
        return web.Response(status=503)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    for index, word in enumerate("It is a fine day, and I am glad to tell you of it at some length.".split()):
        if index == 1 and condition == "dropping":
            assert request.transport is not None
            request.transport.abort()
            return answer
        if index == 1 and condition == "stalled":
            await asyncio.Event().wait()
        await asyncio.sleep(0.1 if condition == "slow" else 0)
        with suppress(ConnectionError):  # whoever asked has left
            await answer.write(f"data: {json.dumps({'text': f'{word} '})}\n\n".encode())
    return answer


def here(processor: type[Processor], **options: Any) -> Open:
    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        assert condition == "well"
        async with OneNode(processor, options, rates={"audio": EARS_RATE}) as node:
            yield node

    return open


def each(checks: list[Check], **providers: Open) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("open", "check"),
        [pytest.param(open, check, id=f"{name}-{check}") for name, open in providers.items() for check in checks],
    )


@each(
    AGENT,
    mistral_agent=at_mistral(MistralAgent, first_token="2s"),
    mistral_conversation=at_mistral(MistralConversation, silence="2s"),
    translator=at_mistral(Translator, into={"en": "fr"}, first_token="2s"),
    openai_agent=at_mistral(OpenaiAgent, path="/v1", model="m", first_token="2s"),
    backend_agent=at_a_backend(first_token="2s"),
)
async def test_our_agents_conform(open: Open, check: Check) -> None:
    await check(open)


@each(under("well", AGENT), local_agent=here(LocalAgent))
async def test_the_local_agent_conforms(open: Open, check: Check) -> None:
    await check(open)


@each(
    VOICE,
    voxtral_3=at_mistral(VoxtralTts, model="voxtral-mini-tts-3-0"),
    voxtral_2=at_mistral(VoxtralTts, model="voxtral-mini-tts-2603"),
)
async def test_our_voices_conform(open: Open, check: Check) -> None:
    await check(open)


@each(under("well", VOICE), espeak_tts=here(EspeakTts))
async def test_the_local_voice_conforms(open: Open, check: Check) -> None:
    await check(open)


@each(
    EARS,
    voxtral_3=at_mistral(VoxtralStt, ("speech",), model="voxtral-mini-transcribe-realtime-3-0"),
    voxtral_2=at_mistral(VoxtralStt, model="voxtral-mini-transcribe-realtime-2602"),
)
async def test_our_ears_conform(open: Open, check: Check) -> None:
    await check(open)


@each(CLIPS, voxtral_transcribe=at_mistral(VoxtralTranscribe, limit="2s"))
async def test_our_ears_for_clips_conform(open: Open, check: Check) -> None:
    await check(open)


@each(under("well", EARS), pocketsphinx_stt=here(PocketsphinxStt))
async def test_the_local_ears_conform(open: Open, check: Check) -> None:
    await check(open)


class Wrong(Processor):
    """Answers, speaks and hears clips, with one thing wrong."""

    turns = In(Turn, optional=True)
    text = In(ReplyText, optional=True)
    clip = In(Clip, optional=True)
    words = Out(Transcript)
    events = Out(Event)
    reply = Out(ReplyText)
    audio = Out(ReplyAudio, rate=8000)
    wrong = ""

    def on_turns(self, turn: Turn) -> None:
        text = turn.text or "Well." if turn.say is None else turn.say
        self.reply.send(ReplyText(epoch=turn.epoch, text=text, at=0, last=self.wrong == "twice"))
        self.reply.send(ReplyText(epoch=turn.epoch, text="", at=0 if self.wrong == "place" else len(text), last=True))
        if self.wrong == "after":
            self.reply.send(ReplyText(epoch=turn.epoch, text="", at=len(text)))
        if self.wrong == "trouble":
            self.call.fail(CallFailed("<Error(object at 0x7f)>"), self)

    def on_text(self, text: ReplyText) -> None:
        if text.last:
            self.audio.send(ReplyAudio(epoch=text.epoch, pcm=np.ones(8000, np.int16), rate=8000, last=True))

    def on_clip(self, clip: Clip) -> None:
        if self.wrong == "clip trouble":
            self.events.send(Event(kind="error", data={"error": "<Error(object at 0x7f)>"}))
        elif self.wrong == "segments":
            self.words.send(Words(segment=0, text="Hello.", final=True))
        else:
            self.words.send(Words(segment=0, text="Hel", final=False))


@pytest.mark.parametrize(
    ("wrong", "check", "sentence"),
    [
        ("twice", AGENT[0], "a reply ends once"),
        ("place", AGENT[0], "a piece says that it stands at 0"),
        ("after", AGENT[0], "nothing follows the last piece"),
        ("trouble", under("refusing", AGENT)[0], "plain words"),
        ("text", VOICE[0], "all of the text is accounted for"),
        ("final", CLIPS[0], "the words of a clip are final at once"),
        ("segments", CLIPS[0], "segments count up"),
        ("clip trouble", under("refusing", CLIPS)[0], "plain words"),
    ],
)
async def test_what_is_wrong_is_found(wrong: str, check: Check, sentence: str) -> None:
    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        async with OneNode(type("Bad", (Wrong,), {"wrong": wrong}), rates={"clip": EARS_RATE}) as node:
            yield node

    with pytest.raises(AssertionError, match=sentence):
        await check(open)
