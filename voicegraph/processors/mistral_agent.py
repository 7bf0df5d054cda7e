"""The agent: a chat model of Mistral's, or of any server that speaks the same protocol."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any

from pydantic import Field

from voicegraph.core.dialogue import Dialogue, Message
from voicegraph.errors import ReplyFailed
from voicegraph.frames import Amend, Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor, Share
from voicegraph.graph.settings import ByLanguage, Duration, in_language
from voicegraph.mistral.chat import answer
from voicegraph.mistral.errors import failures, plainly
from voicegraph.mistral.moderation import Thresholds, guardrails, is_blocked
from voicegraph.mistral.settings import MistralSettings
from voicegraph.processors._writing import Writing


class MistralAgentSettings(MistralSettings):
    model: str = "mistral-small-latest"
    """The chat model: the smaller, the sooner it begins to answer."""
    instructions: ByLanguage = "You are a friendly voice on the phone. Answer in one or two short sentences, in plain words without lists or markup."
    """Who the agent is and how it talks; or one text for each language that callers speak."""
    temperature: float | None = Field(None, ge=0, le=1.5)
    """How freely it chooses its words: 0 always takes the likeliest. By default the model's own."""
    max_tokens: int = Field(1024, ge=1)
    """The longest answer, in tokens; it ends there, be it in the middle of a sentence."""
    history: int = Field(20, ge=1)
    """How many exchanges are remembered."""
    first_token: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the model may be silent, before its answer and in it."""
    guardrails: Thresholds = Field(default_factory=dict)
    """A threshold per category of moderation: Mistral checks the request itself and refuses it when a score reaches one."""
    refusal: ByLanguage = "I can't talk about that."
    """What is said then; or one text for each language."""


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
        self.dialogue = Dialogue(in_language(self.settings.instructions, None), self.settings.history)

    @classmethod
    async def warm(cls, settings: MistralAgentSettings, share: Share) -> None:
        await settings.warm(share)

    def remembered(self) -> Sequence[Any]:
        return self.dialogue.entries()

    def remember(self, entries: Sequence[Any]) -> None:
        self.dialogue.recall(entries)

    async def start(self) -> None:
        self.chat = self.settings.client(self.place).chat

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        self.dialogue.instructions = in_language(self.settings.instructions, turn.language)
        messages = self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        writing = Writing(self.reply, turn, shown=self.dialogue.shown)
        if turn.say is not None:
            writing.finish(turn.say)
            return
        with plainly(ReplyFailed):
            try:
                await self._answer(turn, messages, writing)
            except failures() as problem:
                if not (self.settings.guardrails and is_blocked(problem)):
                    raise
                self.events.send(Event(epoch=turn.epoch, kind="moderation", data={"side": "caller", "blocked": ("guardrails",)}))
                writing.finish(in_language(self.settings.refusal, turn.language))

    async def _answer(self, turn: Turn, messages: list[Message], writing: Writing) -> None:
        options, asked = self.settings, self.call.now()
        begun = [{"role": "assistant", "content": turn.begun, "prefix": True}] if turn.begun else []
        request = {
            "model": options.model,
            "messages": [*messages, *begun],
            "max_tokens": options.max_tokens,
            "temperature": options.temperature,
            "guardrails": guardrails(options.guardrails),
        }
        async with aclosing(answer(self.chat, options.first_token, **request)) as pieces:
            async for piece in pieces:
                if writing.at == 0:
                    self._tell_latency(turn, self.call.now() - asked)
                if not await writing.write(piece):
                    return
        writing.finish()

    def _tell_latency(self, turn: Turn, seconds: float) -> None:
        self.events.send(Event(epoch=turn.epoch, kind="metrics", data={"ttfb": [{"processor": self.name, "value": round(seconds, 3)}]}))

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard):
            self.dialogue.heard(fact.reply, fact.text, fact.samples, fact.finished)

    def on_amendments(self, late: Amend) -> None:
        self.dialogue.amend(late.reply, late.text)
