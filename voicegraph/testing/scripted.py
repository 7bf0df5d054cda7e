"""The scripted parts of a conversation: ears, an agent, a voice and a witness. Real processors, with what they do in attributes that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicegraph.core.playout import PlayoutBuffer
from voicegraph.errors import ReplyFailed
from voicegraph.frames import (
    Amend,
    Command,
    Event,
    Heard,
    Mark,
    Playback,
    Playout,
    ReplyAudio,
    ReplyText,
    Span,
    Speech,
    Transcript,
    Turn,
)
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Gate, Place, Processor

RATE = 8000
"""Hz of the voice: low, for speed."""
SECONDS_PER_CHARACTER = 0.06


@dataclass(frozen=True, slots=True)
class Answer:
    """How the agent answers: word by word, the first after `delay` seconds, one every `pace`. `fails_after`: as many words, then ReplyFailed.

    effect: it does something that cannot be taken back, before its first word, when the turn is certain."""

    text: str
    delay: float = 0.15
    pace: float = 0.01
    fails_after: int | None = None
    effect: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """How the voice speaks one sentence: its sound begins to arrive after `delay` seconds, `speed` times faster than it is played.

    stall: (after so many seconds of sound, for so many seconds) nothing comes. marks: with word timings. fails: ReplyFailed instead of sound."""

    delay: float = 0.1
    speed: float = 10.0
    stall: tuple[float, float] | None = None
    marks: bool = False
    fails: bool = False


@dataclass(slots=True)
class Exchange:
    """One entry of the agent's history."""

    reply: int
    user: str
    heard: str = ""
    finished: bool = False


class Ears(Processor):
    """Where the caller's speech, words and commands come from."""

    speech = Out(Speech)
    words = Out(Transcript)
    commands = Out(Command)


class ScriptedAgent(Processor):
    """Streams an answer, and remembers a turn when it has been heard."""

    turns = In(Turn)
    playout = In(Playout, feedback=True)
    amendments = In(Amend)
    reply = Out(ReplyText)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.answer: Callable[[Turn], Answer] = lambda turn: Answer(turn.say or f"You said: {turn.text} That is all I know of it.")
        self.asked: list[tuple[float, Turn]] = []
        self.history: list[Exchange] = []
        self.effects: list[tuple[float, Exchange]] = []
        """When what was asked for was done that cannot be taken back; also where nothing was heard of the reply."""
        self._present: Exchange | None = None

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None
        self.asked.append((self.call.now(), turn))
        self._present = exchange = Exchange(turn.epoch, turn.text)
        answer, at = self.answer(turn), 0
        await asyncio.sleep(answer.delay)
        if answer.effect:
            await self.call.commit(turn.epoch)
            self.effects.append((self.call.now(), exchange))
        for count, word in enumerate(answer.text.split()):
            if count == answer.fails_after:
                raise ReplyFailed("The model does not answer.")
            await self.reply.room(turn.epoch)
            self.reply.send(ReplyText(epoch=turn.epoch, text=f"{word} ", at=at))
            at += len(word) + 1
            await asyncio.sleep(answer.pace)
        self.reply.send(ReplyText(epoch=turn.epoch, text="", at=at, last=True))

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard) and self._present is not None and self._present.reply == fact.reply and fact.samples:
            self._present.heard, self._present.finished = fact.text, fact.finished
            self.history.append(self._present)

    def on_amendments(self, late: Amend) -> None:
        for exchange in (*self.history, *(done for _, done in self.effects), self._present):
            if exchange is not None and exchange.reply == late.reply:
                exchange.user = late.text


class ScriptedVoice(Processor):
    """Speaks sentence by sentence. The samples of a reply all have one value, `loudness(epoch)`, so that a sound tells whose it is."""

    text = In(ReplyText)
    audio = Out(ReplyAudio, rate=RATE)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.take: Callable[[ReplyText], Take] = lambda _: Take()
        self._sentence = ""

    async def on_text(self, text: ReplyText) -> None:
        self._sentence += text.text
        if text.last or self._sentence.rstrip().endswith((".", "?", "!")):
            span = Span(self._sentence, text.at + len(text.text) - len(self._sentence))
            self._sentence = ""
            await self._speak(text, span, self.take(text))

    async def _speak(self, text: ReplyText, span: Span, take: Take) -> None:
        assert text.epoch is not None
        if take.fails:
            raise ReplyFailed("The voice does not answer.")
        await asyncio.sleep(take.delay)
        starts = [at for at in range(len(span.text)) if span.text[at] != " " and (at == 0 or span.text[at - 1] == " ")]
        piece, total = round(0.2 * RATE), round(len(span.text) * SECONDS_PER_CHARACTER * RATE)
        for begin in range(0, max(total, 1), piece):
            if take.stall is not None and begin <= take.stall[0] * RATE < begin + piece:
                await asyncio.sleep(take.stall[1])
            await self.audio.room(text.epoch)
            end = min(begin + piece, total)
            times = ((at * SECONDS_PER_CHARACTER - begin / RATE, span.at + at) for at in starts)
            marks = tuple(Mark(time, at) for time, at in times if 0 <= time < (end - begin) / RATE) if take.marks else ()
            pcm = np.full(end - begin, loudness(text.epoch), np.int16)
            over = end == total
            self.audio.send(ReplyAudio(epoch=text.epoch, pcm=pcm, rate=RATE, span=span, marks=marks, ends=over, last=over and text.last))
            await asyncio.sleep((end - begin) / RATE / take.speed)

    def reset(self, epoch: int) -> None:
        self._sentence = ""


def loudness(epoch: int) -> int:
    """The value of every sample of this reply while nothing ducks it."""
    return 4000 + 40 * epoch


class Witness(Processor):
    """Sees everything that happens to the replies."""

    observer = True
    playback = In(Playback)
    playout = In(Playout)
    events = In(Event)
    turns = In(Turn, confirmed=True)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.buffer: PlayoutBuffer | None = None
        self.facts: list[tuple[float, Playout]] = []
        self.seen: list[Event] = []
        self.confirmed: list[tuple[float, Turn]] = []
        self.gates: list[tuple[float, Gate]] = [(0.0, "open")]
        self.changed = asyncio.Event()

    def on_playback(self, playback: Playback) -> None:
        self.buffer = playback.source

    def on_turns(self, turn: Turn) -> None:
        self.confirmed.append((self.call.now(), turn))

    def on_playout(self, fact: Playout) -> None:
        self.facts.append((self.call.now(), fact))
        self.changed.set()

    def on_events(self, event: Event) -> None:
        self.seen.append(event)

    def gate(self, gate: Gate) -> None:
        self.gates.append((self.call.now(), gate))
