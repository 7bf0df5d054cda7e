"""Text to speech by Mistral's voices."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from voicegraph.core.ledger import Span
from voicegraph.core.sentences import SpokenClauses, speakable
from voicegraph.errors import CallFailed, ReplyFailed
from voicegraph.frames import Event, ReplyAudio, ReplyText, VoiceSample
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.errors import explain
from voicegraph.mistral.models import is_voxtral_3
from voicegraph.mistral.realtime_speech import RealtimeVoice
from voicegraph.mistral.settings import VoiceSettings
from voicegraph.mistral.speech import RATE, Flow, HttpVoice, Manner, Voice, as_reference, spoken
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
    reference: str | None
    clauses: SpokenClauses = field(default_factory=SpokenClauses)
    asked: asyncio.Queue[Asked | None] = field(default_factory=asyncio.Queue)
    player: asyncio.Task[None] | None = None


class VoxtralTts(Processor):
    """Speaks the reply while it is being written.

        tts:
          use: voxtral_tts
          model: voxtral-mini-tts-3-0
          voice: gb_jane_neutral                # or ref_audio: a recording of the voice to clone
          # from: {voice: sample}               # or the caller's own, out of a voice_sample

    Voxtral 3 is spoken to over a WebSocket, an older model with a request per sentence.
    """

    settings: VoxtralTtsSettings
    text = In(ReplyText, many=True)
    voice = In(VoiceSample, optional=True, named=True)
    audio = Out(ReplyAudio, rate=RATE)
    events = Out(Event)

    voices: Voices | None = None
    reply: _Reply | None = None
    own: str | None = None
    """The clip of the settings, if they have one."""
    reference: str | None = None
    """The clip of the voice that speaks: the settings' own or a caller's."""
    recasting: asyncio.Task[None] | None = None

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.casting = asyncio.Lock()  # held while a reply gets its voice, and while another voice takes the place of that one

    async def start(self) -> None:
        self.own = self.reference = await asyncio.to_thread(self.settings.reference)
        self.voices = self._cast(self.own)
        await self.voices.of(None)

    def _cast(self, reference: str | None) -> Voices:
        settings, sdk = self.settings, self.settings.client(self.place)
        sockets = self.call.shared(MistralClients).sockets

        def make(manner: Manner) -> Voice:
            return RealtimeVoice(sdk, sockets, manner, partial(self._refused, reference)) if is_voxtral_3(manner.model) else HttpVoice(sdk, manner)

        return Voices(lambda language: settings.manner(settings.model, reference, language), make)

    def on_voice(self, sample: VoiceSample) -> None:
        if self.recasting is not None:
            self.recasting.cancel()
        self.recasting = self.call.spawn(self._recast(sample), self)

    async def _recast(self, sample: VoiceSample) -> None:
        """From the next reply on it is this voice that speaks; a reply under way keeps its own."""
        reference = await asyncio.to_thread(as_reference, sample.pcm, sample.rate) if len(sample.pcm) else self.own
        other = self._cast(reference)
        assert self.voices is not None
        try:
            await other.of(None)
            async with self.casting:
                self.voices, other, self.reference = other, self.voices, reference
            if self.reply is not None and self.reply.player is not None:
                await asyncio.wait([self.reply.player])
        except CallFailed as problem:
            self._tell(f"The voice stays as it is. {problem}")
        finally:
            await other.close()

    async def on_text(self, text: ReplyText) -> None:
        reply = self.reply
        if reply is None or reply.epoch != text.epoch:
            async with self.casting:
                reply = self.reply = _Reply(text.epoch, await self._voice(text.language), self.reference)
            reply.player = self.call.spawn(self._play(reply), self)
        for span in reply.clauses.feed(text.text, text.at, text.spoken, text.last or text.flush):
            if not await self.audio.room(reply.epoch):
                return
            reply.asked.put_nowait((span, await reply.voice.say(span.text) if span.spoken and speakable(span.text) else None))
        if text.last:
            reply.asked.put_nowait(None)

    async def _voice(self, language: str | None) -> Voice:
        assert self.voices is not None
        try:
            return await self.voices.of(language)
        except CallFailed as problem:
            raise ReplyFailed(problem.plain, problem.said) from problem  # other languages may still have their voice

    async def _play(self, reply: _Reply) -> None:
        try:
            while True:  # until reset: in a graph without a floor all replies are one
                if (asked := await reply.asked.get()) is not None:
                    await self._speak(reply.epoch, reply.voice, *asked)
                else:
                    self.audio.send(ReplyAudio(epoch=reply.epoch, pcm=np.zeros(0, np.int16), rate=RATE, last=True))
        except ReplyFailed as problem:
            self.call.fail(problem, self, reply.epoch)
            if reply.reference is not self.own and explain(problem.__cause__ or problem).lasting:
                self._refused(reply.reference, str(problem))

    async def _speak(self, epoch: int | None, voice: Voice, span: Span, flow: Flow | None) -> None:
        if flow is not None:
            async with aclosing(spoken(voice, span.text, flow)) as sound:
                async for pcm in sound:
                    self.audio.send(ReplyAudio(epoch=epoch, pcm=pcm, rate=RATE, span=span))
        self.audio.send(ReplyAudio(epoch=epoch, pcm=np.zeros(0, np.int16), rate=RATE, span=span, ends=True))

    def _refused(self, reference: str | None, sentence: str) -> None:
        """The service will not speak in this voice at all: without a caller's the call goes on, without its own it does not."""
        if reference is self.own:
            self.call.fail(CallFailed(sentence), self)
        elif reference is self.reference:
            self.reference = self.own
            self._tell(f"The replies go on in the former voice. {sentence}")
            self.on_voice(VoiceSample(pcm=np.zeros(0, np.int16), rate=RATE))

    def _tell(self, sentence: str) -> None:
        self.events.send(Event(kind="error", data={"error": sentence, "message": sentence, "fatal": False}))

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
