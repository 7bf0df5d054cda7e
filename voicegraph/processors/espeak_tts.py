"""Speaks the reply with eSpeak NG, on this machine."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from pydantic import Field

from voicegraph.core.ledger import Mark, Span
from voicegraph.core.sentences import SpokenClauses, speakable
from voicegraph.frames import ReplyAudio, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Settings
from voicegraph.local.espeak import RATE, EspeakEngine, Spoken, Voice

FRAME = RATE // 10
SILENT = Spoken(np.zeros(0, np.int16), ())
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "\n")


class EspeakTtsSettings(Settings):
    voice: str = "en-gb"
    """A language, such as `de`, with a variant of the voice if wanted: `en-us+f3`."""
    speed: int = Field(175, ge=80, le=450)
    """Words per minute."""
    pitch: int = Field(50, ge=0, le=99)
    """From a deep voice to a high one."""


class EspeakTts(Processor):
    """A voice that needs no network and no key; it sounds like a robot and knows to the millisecond where each word begins.

        tts:
          use: espeak_tts
          voice: en-us+f3                       # a language, with a variant of the voice
          speed: 160                            # words per minute

    Gives 22050 Hz, which the line does not take: a `resampler` follows it.
    """

    virtual_time = True
    needs = MappingProxyType({"espeakng_loader": "local"})
    settings: EspeakTtsSettings
    text = In(ReplyText, many=True)
    audio = Out(ReplyAudio, rate=RATE)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._engine = self.call.shared(EspeakEngine)
        self._voice = Voice(self.settings.voice, self.settings.speed, self.settings.pitch)
        self._clauses = SpokenClauses()

    async def start(self) -> None:
        await self._engine.load(self._voice)

    async def on_text(self, text: ReplyText) -> None:
        for span in self._clauses.feed(text.text, text.at, text.spoken, text.last or text.flush):
            if not await self.audio.room(text.epoch):
                return
            self._send(await self._say(span) if span.spoken else SILENT, span, text.epoch)
        if text.last:
            self.audio.send(ReplyAudio(pcm=np.zeros(0, np.int16), rate=RATE, last=True, epoch=text.epoch))

    async def _say(self, span: Span) -> Spoken:
        pause = span.text.rstrip(" ").endswith(SENTENCE_ENDS)
        return await self._engine.say(span.text if speakable(span.text) else "", self._voice, pause)

    def _send(self, spoken: Spoken, span: Span, epoch: int | None) -> None:
        for begin in range(0, len(spoken.pcm) or 1, FRAME):
            end = begin + FRAME
            marks = tuple(Mark(word.seconds - begin / RATE, span.at + word.at) for word in spoken.words if begin <= word.seconds * RATE < end)
            pcm = spoken.pcm[begin:end]
            self.audio.send(ReplyAudio(pcm=pcm, rate=RATE, span=span, marks=marks, ends=end >= len(spoken.pcm), epoch=epoch))

    def reset(self, epoch: int) -> None:
        self._clauses = SpokenClauses()
