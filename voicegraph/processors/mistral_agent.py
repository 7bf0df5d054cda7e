"""The agent: a chat model of Mistral's, or of any server that speaks the same protocol."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated

from pydantic import Field

from voicegraph.core.dialogue import Dialogue, Message
from voicegraph.errors import ReplyFailed
from voicegraph.frames import Amend, Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor, Share
from voicegraph.graph.settings import Duration
from voicegraph.mistral.errors import plainly
from voicegraph.mistral.settings import MistralSettings
from voicegraph.mistral.streams import chat_pieces


class MistralAgentSettings(MistralSettings):
    model: str = "mistral-small-latest"
    """The chat model: the smaller, the sooner it begins to answer."""
    instructions: str = "You are a friendly voice on the phone. Answer in one or two short sentences, in plain words without lists or markup."
    """Who the agent is and how it talks."""
    temperature: float | None = Field(None, ge=0, le=1.5)
    """How freely it chooses its words: 0 always takes the likeliest. By default the model's own."""
    max_tokens: int = Field(1024, ge=1)
    """The longest answer, in tokens; it ends there, be it in the middle of a sentence."""
    history: int = Field(20, ge=1)
    """How many exchanges are remembered."""
    first_token: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the model may be silent, before its answer and in it."""


class MistralAgent(Processor):
    """Answers the caller.

        agent:
          use: mistral_agent
          model: mistral-small-latest
          instructions: You answer the telephone of a bicycle shop, in one or two short sentences.
          temperature: 0.3                      # nearer to 0: says the same each time
          history: 20                           # exchanges that it remembers

    It remembers what was said, and of its answers what the caller really heard.
    """

    settings: MistralAgentSettings
    turns = In(Turn)
    amendments = In(Amend, optional=True)
    playout = In(Playout, feedback=True, optional=True)
    reply = Out(ReplyText)
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.dialogue = Dialogue(self.settings.instructions, self.settings.history)

    @classmethod
    async def warm(cls, settings: MistralAgentSettings, share: Share) -> None:
        await settings.warm(share)

    async def start(self) -> None:
        self.chat = self.settings.client(self.call).chat

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        messages = self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        if turn.say is not None:
            self._write(turn, turn.say, 0, last=True)
            return
        with plainly(ReplyFailed):
            await self._answer(turn, messages)

    async def _answer(self, turn: Turn, messages: list[Message]) -> None:
        options, asked, at = self.settings, self.call.now(), 0
        async with asyncio.timeout(options.first_token) as limit:
            stream = await self.chat.stream_async(
                model=options.model,
                messages=messages,  # type: ignore[arg-type]  # plain dictionaries: the SDK checks them itself
                max_tokens=options.max_tokens,
                temperature=options.temperature,
            )
            async with stream, aclosing(chat_pieces(stream.response)) as pieces:
                async for piece in pieces:
                    if at == 0:
                        self._tell_latency(turn, self.call.now() - asked)
                    limit.reschedule(None)
                    if not (self._write(turn, piece, at) and await self.reply.room(turn.epoch)):
                        return
                    limit.reschedule(self.call.now() + options.first_token)
                    at += len(piece)
        self._write(turn, "", at, last=True)

    def _write(self, turn: Turn, text: str, at: int, last: bool = False) -> bool:
        if turn.epoch is not None and not turn.audible:
            self.dialogue.shown(turn.epoch, text)
        return self.reply.send(ReplyText(epoch=turn.epoch, text=text, at=at, last=last, spoken=turn.audible))

    def _tell_latency(self, turn: Turn, seconds: float) -> None:
        self.events.send(Event(epoch=turn.epoch, kind="metrics", data={"ttfb": [{"processor": self.name, "value": round(seconds, 3)}]}))

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard):
            self.dialogue.heard(fact.reply, fact.text, fact.samples, fact.finished)

    def on_amendments(self, late: Amend) -> None:
        self.dialogue.amend(late.reply, late.text)
