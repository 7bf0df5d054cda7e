"""Text to speech by Mistral's voices."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from voicegraph.core.ledger import Span
from voicegraph.core.sentences import SpokenClauses, speakable
from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor, Share
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.models import is_voxtral_3
from voicegraph.mistral.realtime_speech import RealtimeVoice
from voicegraph.mistral.settings import VoiceSettings
from voicegraph.mistral.speech import RATE, Flow, HttpVoice, Manner, Voice, spoken
from voicegraph.mistral.voices import Voices

Asked = tuple[Span, Flow | None]
"""A piece of text, and the sound that was asked for it: None where there is nothing to say in it."""


class VoxtralTtsSettings(VoiceSettings):
    model: str = "voxtral-mini-tts-3-0"
    """A speech model; from Voxtral 3 on it takes the text while it is being written."""


@dataclass(slots=True)
class _Reply:
    epoch: int | None
    voice: Voice
    clauses: SpokenClauses = field(default_factory=SpokenClauses)
    asked: asyncio.Queue[Asked | None] = field(default_factory=asyncio.Queue)
    player: asyncio.Task[None] | None = None


class VoxtralTts(Processor):
    """Speaks the reply while it is being written.

        tts:
          use: voxtral_tts
          model: voxtral-mini-tts-3-0
          voice: gb_jane_neutral                # or ref_audio: a recording of the voice to clone

    Voxtral 3 is spoken to over a WebSocket, an older model with a request per sentence.
    """

    settings: VoxtralTtsSettings
    text = In(ReplyText, many=True)
    audio = Out(ReplyAudio, rate=RATE)

    voices: Voices | None = None
    reply: _Reply | None = None

    @classmethod
    async def warm(cls, settings: VoxtralTtsSettings, share: Share) -> None:
        await settings.warm(share)

    async def start(self) -> None:
        settings, sdk = self.settings, self.settings.client(self.place)
        reference = await asyncio.to_thread(settings.reference)
        sockets = self.call.shared(MistralClients).sockets

        def make(manner: Manner) -> Voice:
            return RealtimeVoice(sdk, sockets, manner, self._refused) if is_voxtral_3(manner.model) else HttpVoice(sdk, manner)

        self.voices = Voices(lambda language: settings.manner(settings.model, reference, language), make)
        await self.voices.of(None)

    async def on_text(self, text: ReplyText) -> None:
        assert self.voices is not None
        reply = self.reply
        if reply is None or reply.epoch != text.epoch:
            reply = self.reply = _Reply(text.epoch, await self._voice(self.voices, text.language))
            reply.player = self.call.spawn(self._play(reply), self)
        for span in reply.clauses.feed(text.text, text.at, text.spoken, text.last):
            if not await self.audio.room(reply.epoch):
                return
            reply.asked.put_nowait((span, await reply.voice.say(span.text) if speakable(span.text) else None))
        if text.last:
            reply.asked.put_nowait(None)

    async def _voice(self, voices: Voices, language: str | None) -> Voice:
        try:
            return await voices.of(language)
        except CallFailed as problem:
            raise ReplyFailed(str(problem)) from problem  # other languages may still have their voice

    async def _play(self, reply: _Reply) -> None:
        try:
            while True:  # until reset: in a graph without a floor all replies are one
                if (asked := await reply.asked.get()) is not None:
                    await self._speak(reply.epoch, reply.voice, *asked)
                else:
                    self.audio.send(ReplyAudio(epoch=reply.epoch, pcm=np.zeros(0, np.int16), rate=RATE, last=True))
        except ReplyFailed as problem:
            self.call.fail(problem, self, reply.epoch)

    async def _speak(self, epoch: int | None, voice: Voice, span: Span, flow: Flow | None) -> None:
        if flow is not None:
            async with aclosing(spoken(voice, span.text, flow)) as sound:
                async for pcm in sound:
                    self.audio.send(ReplyAudio(epoch=epoch, pcm=pcm, rate=RATE, span=span))
        self.audio.send(ReplyAudio(epoch=epoch, pcm=np.zeros(0, np.int16), rate=RATE, span=span, ends=True))

    def _refused(self, sentence: str) -> None:
        self.call.fail(CallFailed(sentence), self)

    def reset(self, epoch: int) -> None:
        if self.reply is None or self.reply.epoch != epoch:
            return
        if self.reply.player is not None:
            self.reply.player.cancel()
        self.reply.voice.stop()
        self.reply = None

    async def close(self) -> None:
        if self.voices is not None:
            await self.voices.close()
