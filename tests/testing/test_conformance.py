"""All of our providers pass the suite that is made for yours."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from voicegraph.errors import CallFailed
from voicegraph.frames import ReplyAudio, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.mistral import client, speech, transcription
from voicegraph.processors.espeak_tts import EspeakTts
from voicegraph.processors.local_agent import LocalAgent
from voicegraph.processors.mistral_agent import MistralAgent
from voicegraph.processors.mistral_conversation import MistralConversation
from voicegraph.processors.pocketsphinx_stt import PocketsphinxStt
from voicegraph.processors.translator import Translator
from voicegraph.processors.voxtral_stt import VoxtralStt
from voicegraph.processors.voxtral_tts import VoxtralTts
from voicegraph.testing.conformance import AGENT, EARS, EARS_RATE, VOICE, Check, Condition, Open, under
from voicegraph.testing.mistral import Delays, Faults, MistralServer, Script
from voicegraph.testing.runner import OneNode

QUICK = Delays(final=0.01, eager_end=0.1, first_token=0.0, per_token=0.0, first_sound=0.0, speech_speed=1000, search=0.0)
SLOW = Delays(final=0.3, first_token=0.5, per_token=0.02, first_sound=0.5, speech_speed=5, search=0.5)
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


def at_mistral(processor: type[Processor], unlinked: tuple[str, ...] = (), **options: Any) -> Open:
    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        delays = SLOW if condition == "slow" else QUICK
        script = Script(replies=["It is a fine day, and I am glad to tell you of it at some length. Well then."])
        async with MistralServer(script, delays) as server:
            server.set_faults(TROUBLE[condition])
            settings = {"api_key": "key", "base_url": server.url, **options}
            async with OneNode(processor, settings, rates={"audio": EARS_RATE}, unlinked=unlinked) as node:
                try:
                    yield node
                finally:
                    await server.stop()  # a server that stalls would not answer the closing handshakes either

    return open


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


@each(under("well", EARS), pocketsphinx_stt=here(PocketsphinxStt))
async def test_the_local_ears_conform(open: Open, check: Check) -> None:
    await check(open)


class Wrong(Processor):
    """Answers and speaks, with one thing wrong."""

    turns = In(Turn, optional=True)
    text = In(ReplyText, optional=True)
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


@pytest.mark.parametrize(
    ("wrong", "check", "sentence"),
    [
        ("twice", AGENT[0], "a reply ends once"),
        ("place", AGENT[0], "a piece says that it stands at 0"),
        ("after", AGENT[0], "nothing follows the last piece"),
        ("trouble", under("refusing", AGENT)[0], "plain words"),
        ("text", VOICE[0], "all of the text is accounted for"),
    ],
)
async def test_what_is_wrong_is_found(wrong: str, check: Check, sentence: str) -> None:
    @asynccontextmanager
    async def open(condition: Condition) -> AsyncIterator[OneNode]:
        async with OneNode(type("Bad", (Wrong,), {"wrong": wrong})) as node:
            yield node

    with pytest.raises(AssertionError, match=sentence):
        await check(open)
