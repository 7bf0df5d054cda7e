"""The agent: a chat model of Mistral's, or of any server that speaks the same protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

from pydantic import Field

from voicegraph.core.dialogue import Message
from voicegraph.core.toolcalls import ToolCall
from voicegraph.errors import ReplyFailed
from voicegraph.frames import Event, Turn
from voicegraph.graph.settings import ByLanguage, Duration, in_language
from voicegraph.mistral.chat import completion
from voicegraph.mistral.errors import failures, plainly
from voicegraph.mistral.moderation import Thresholds, guardrails, is_blocked
from voicegraph.mistral.settings import MistralSettings
from voicegraph.processors._chat_agent import ChatAgent, ChatAgentSettings
from voicegraph.processors._writing import Writing


class MistralAgentSettings(ChatAgentSettings, MistralSettings):
    model: str = "mistral-small-latest"
    """The chat model: the smaller, the sooner it begins to answer."""
    temperature: float | None = Field(None, ge=0, le=1.5)
    """How freely it chooses its words: 0 always takes the likeliest. By default the model's own."""
    max_tokens: int = Field(1024, ge=1)
    """The longest answer, in tokens; it ends there, be it in the middle of a sentence."""
    first_token: Annotated[Duration, Field(gt=0)] = 10.0
    """How long the model may be silent, before its answer and in it."""
    guardrails: Thresholds = Field(default_factory=dict)
    """A threshold per category of moderation: Mistral checks the request itself and refuses it when a score reaches one."""
    refusal: ByLanguage = "I can't talk about that."
    """What is said then; or one text for each language."""


class MistralAgent(ChatAgent):
    """Answers the caller.

        agent:
          use: mistral_agent
          model: mistral-small-latest
          instructions: You answer the telephone of a bicycle shop, in one or two short sentences.
          temperature: 0.3                      # nearer to 0: says the same each time
          history: 20                           # exchanges that it remembers
          tools:                                # what it may do besides
            opening_hours: {http: {url: "https://bikes.example/hours", method: GET}, about: When the shop is open, effects: false}

    It remembers what was said, and of its answers what the caller really heard.
    """

    settings: MistralAgentSettings

    async def start(self) -> None:
        await super().start()
        self.chat = self.settings.client(self.place).chat

    async def answer(self, turn: Turn, messages: list[Message], writing: Writing) -> None:
        if turn.begun:  # by an agent that this one stands in for
            messages = [*messages, {"role": "assistant", "content": turn.begun}]
        with plainly(ReplyFailed):
            try:
                await super().answer(turn, messages, writing)
            except failures() as problem:
                if not (self.settings.guardrails and is_blocked(problem)):
                    raise
                self.events.send(Event(epoch=turn.epoch, kind="moderation", data={"side": "caller", "blocked": ("guardrails",)}))
                writing.finish(in_language(self.settings.refusal, turn.language))

    def ask(self, messages: Sequence[Message], tools: dict[str, Any]) -> AsyncGenerator[str | ToolCall, None]:
        options, last = self.settings, messages[-1]
        if last["role"] == "assistant":  # it goes on with that; anywhere else than at the end the service refuses a `prefix`
            messages = [*messages[:-1], {**last, "prefix": True}]
        request: Any = {
            "model": options.model,
            "messages": messages,
            "max_tokens": options.max_tokens,
            "temperature": options.temperature,
            "guardrails": guardrails(options.guardrails),
            **tools,
        }
        return completion(self.chat, request, options.first_token, replaceable=self.place.replaceable)
