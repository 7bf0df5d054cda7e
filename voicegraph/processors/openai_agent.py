"""An agent on any server that speaks OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from pydantic import Field

from voicegraph.backend.openai import completion
from voicegraph.backend.requests import plainly
from voicegraph.backend.settings import ServerSettings
from voicegraph.core.dialogue import Message
from voicegraph.core.toolcalls import ToolCall
from voicegraph.frames import Turn
from voicegraph.processors._chat_agent import ChatAgent, ChatAgentSettings
from voicegraph.processors._writing import Writing
from voicegraph.web import WebClient


class OpenaiAgentSettings(ChatAgentSettings, ServerSettings):
    model: str
    """The model's name there."""
    temperature: float | None = Field(None, ge=0, le=2)
    """How freely it chooses its words. By default the model's own."""
    max_tokens: int | None = Field(None, ge=1)
    """The longest answer, in tokens. By default the server's own."""
    extra: Mapping[str, Any] = Field(default_factory=dict)
    """More fields of the request, as the server names them, such as {reasoning_effort: low}."""


class OpenaiAgent(ChatAgent):
    """Answers the caller with a model of your own: OpenAI, vLLM, Ollama, Groq, llama.cpp, …

        agent:
          use: openai_agent
          base_url: http://127.0.0.1:11434/v1   # the part before /chat/completions
          api_key: ${OPENAI_API_KEY}
          model: llama3.2
          first_token: 20s                      # a model that has to be loaded first takes its time

    It remembers and uses tools as mistral_agent does.
    """

    settings: OpenaiAgentSettings

    async def answer(self, turn: Turn, messages: list[Message], writing: Writing) -> None:
        with plainly():
            await super().answer(turn, messages, writing)

    def ask(self, messages: Sequence[Message], tools: dict[str, Any]) -> AsyncGenerator[str | ToolCall, None]:
        options = self.settings
        limits = {"temperature": options.temperature, "max_tokens": options.max_tokens}
        request = {"model": options.model, "messages": messages, **tools, **{name: value for name, value in limits.items() if value is not None}}
        return completion(self.call.shared(WebClient).http, options, {**request, **options.extra}, replaceable=self.place.replaceable)
