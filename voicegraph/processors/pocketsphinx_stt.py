"""Understands the caller with pocketsphinx, on this machine."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

from voicegraph.core.speech import PreRoll
from voicegraph.frames import CallerAudio, Speech, Transcript, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor, Share
from voicegraph.graph.settings import Settings
from voicegraph.local.sphinx import RATE, SphinxEngine, Utterance

BEFORE = int(0.45 * RATE)  # samples heard before the VAD was sure: its own 60 ms, and soft beginnings that it did not count
PIECE = RATE // 4  # samples from one partial result to the next
LONGEST = 20 * RATE  # samples after which a segment ends in mid-speech: beyond, the last search over the utterance takes long


class PocketsphinxSttSettings(Settings):
    phrases: tuple[str, ...] = ()
    """Understand these phrases only, and those reliably. Without them: any American English, with many errors."""


class PocketsphinxStt(Processor):
    """Speech to text that needs no network and no key. Understands English; well only with `phrases`.

        stt:
          use: pocketsphinx_stt
          phrases:                              # these and nothing else; without them any English, with many errors
            - what time is it
            - tell me a story

    Between two `speech` facts it gives a segment: partial words every 250 ms, final ones (maybe empty) when speech has stopped.
    """

    virtual_time = True
    needs = MappingProxyType({"pocketsphinx": "local"})
    settings: PocketsphinxSttSettings
    audio = In(CallerAudio, rates=(RATE,))
    speech = In(Speech)
    words = Out(Transcript)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._engine = self.call.shared(SphinxEngine)
        self._before = PreRoll(BEFORE)
        self._current: Utterance | None = None
        self._utterances: asyncio.Queue[Utterance] = asyncio.Queue()
        self._segment = 0

    @classmethod
    async def warm(cls, settings: PocketsphinxSttSettings, share: Share) -> None:
        await share(SphinxEngine).load(settings.phrases)

    async def start(self) -> None:
        await self._engine.load(self.settings.phrases)

    def on_audio(self, audio: CallerAudio) -> None:
        (self._current or self._before).add(audio.pcm)

    def on_speech(self, speech: Speech) -> None:
        if speech.on and self._current is None:
            self._current = Utterance(self._before.take())
            self._utterances.put_nowait(self._current)
        elif not speech.on and self._current is not None:
            self._current.end()
            self._current = None

    async def run(self) -> None:
        while True:
            utterance = await self._utterances.get()
            while not await self._segment_of(utterance):
                pass

    async def _segment_of(self, utterance: Utterance) -> bool:
        """Recognise one segment; whether the utterance ended with it."""
        self._segment += 1
        text, heard, over = "", 0, False
        async with self._engine.recogniser() as recogniser:
            await recogniser.begin(self.settings.phrases)
            while not over and heard < LONGEST:
                pcm, over = await utterance.take(PIECE)
                heard += len(pcm)
                before, text = text, await recogniser.feed(pcm)
                if text not in ("", before):
                    self.words.send(Words(segment=self._segment, text=text, final=False, language="en"))
            text = await recogniser.end()
        self.words.send(Words(segment=self._segment, text=text, final=True, language="en"))
        return over
