"""An agent that is an HTTP service of the user's own."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from pydantic import Field

from voicegraph.backend.requests import plainly
from voicegraph.backend.service import Registrations, asked, texts
from voicegraph.backend.settings import ServerSettings
from voicegraph.core.dialogue import Dialogue, joined
from voicegraph.core.retrying import Retries
from voicegraph.frames import Turn
from voicegraph.graph.processor import Place
from voicegraph.mistral.chat import patiently
from voicegraph.processors._remembering import RememberingAgent
from voicegraph.processors._writing import Writing
from voicegraph.web import WebClient


class BackendAgentSettings(ServerSettings):
    id: str | None = None
    """Who this is for the service. By default the service is asked for an id, once per process."""
    history: int = Field(20, ge=1)
    """How many exchanges are sent along."""


class BackendAgent(RememberingAgent):
    """Asks your own service what to answer: it gets the caller's words and what was heard so far, and gives text, streamed or whole.

        agent:
          use: backend_agent
          base_url: https://agent.example       # POST /v1/chat there, and /v1/register once
          api_key: ${BACKEND_API_KEY}
          first_token: 20s                      # how long it may think

    docs/assistants/backend.md has the contract, and a server of twenty lines.
    """

    settings: BackendAgentSettings

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.dialogue = Dialogue("", self.settings.history)

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        *history, _ = self.dialogue.exchanges(tools=False)  # those of another agent, whose stand-in it is, mean nothing to the service
        writing = Writing(self.reply, turn)
        if turn.say is not None:
            writing.finish(turn.say)
            return
        told = {"text": turn.text, "why": turn.why, "language": turn.language, "interrupted": turn.interrupted}
        with plainly():
            await self._answer(turn, {"session": self.call.id, **told, "history": joined(history)}, writing)

    async def _answer(self, turn: Turn, body: dict[str, Any], writing: Writing) -> None:
        http, began = self.call.shared(WebClient).http, self.call.now()
        known, retries = self.call.shared(Registrations), Retries(self.place.replaceable)
        answer = patiently(self.settings.first_token, lambda: asked(http, self.settings, self.settings.id, known, body), texts, retries)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                if writing.at == 0:
                    self.tell_latency(turn, began)
                if not await writing.write(piece):
                    return
        writing.finish()
