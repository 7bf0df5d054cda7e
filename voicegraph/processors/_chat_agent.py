"""What agents have in common whose model takes the conversation as a list of messages: tools, and writing the answer as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from pydantic import Field

from voicegraph.core.dialogue import Dialogue, Message
from voicegraph.core.toolcalls import ToolCall, told
from voicegraph.frames import Turn
from voicegraph.graph.processor import Place, Share
from voicegraph.graph.settings import ByLanguage, in_language
from voicegraph.processors._remembering import RememberingAgent
from voicegraph.processors._tools import ToolUse
from voicegraph.processors._writing import Writing
from voicegraph.tools import mcp
from voicegraph.tools.settings import ChatToolsSettings
from voicegraph.tools.toolbox import Toolbox, offers

ROUNDS = 5
"""How often in one answer the model may call tools; after that it has to say something."""


class ChatAgentSettings(ChatToolsSettings):
    instructions: ByLanguage = "You are a friendly voice on the phone. Answer in one or two short sentences, in plain words without lists or markup."
    """Who the agent is and how it talks; or one text for each language that callers speak."""
    history: int = Field(20, ge=1)
    """How many exchanges are remembered."""


class ChatAgent(RememberingAgent):
    """The base of such agents: `ask` is what they differ in."""

    settings: ChatAgentSettings

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.dialogue = Dialogue(in_language(self.settings.instructions, None), self.settings.history)

    def ask(self, messages: Sequence[Message], tools: dict[str, Any]) -> AsyncGenerator[str | ToolCall, None]:
        """Ask the model. Gives its text in pieces, and at the end the tools that it calls; leaving it early must close its stream.

        tools: the fields of the request that offer them, `tools` and `tool_choice`; empty when there are none. Raises ReplyFailed."""
        raise NotImplementedError

    @classmethod
    async def warm(cls, settings: Any, share: Share) -> None:
        await super().warm(settings, share)
        await mcp.offers(settings.mcp, share, mcp.CONNECT_LIMIT)

    async def start(self) -> None:
        servers = await mcp.offers(self.settings.mcp, self.call.shared)
        self.toolbox = Toolbox([*offers(self.settings.tools, self.call.shared), *servers])

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        self.dialogue.instructions = in_language(self.settings.instructions, turn.language)
        messages = self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        writing = Writing(self.reply, turn)
        if turn.say is not None:
            writing.finish(turn.say)
        else:
            await self.answer(turn, messages, writing)

    async def answer(self, turn: Turn, messages: list[Message], writing: Writing) -> None:
        """Ask, do what the model wants done, and ask again, until it has nothing but words. Raises what `ask` raises."""
        assert turn.epoch is not None
        use = ToolUse(self.toolbox, turn, self.call, self.events, partial(self.dialogue.did, turn.epoch))
        for round in range(ROUNDS + 1):
            said = writing.at
            text, calls = await self._write(turn, messages, writing, may_call=round < ROUNDS)
            if calls is None:
                return
            if not calls:
                break
            if writing.at > said and not text[-1].isspace():
                await writing.write(" ")
            messages += told(calls, await use.run(calls, writing), text)
        writing.finish()

    async def _write(self, turn: Turn, messages: list[Message], writing: Writing, may_call: bool) -> tuple[str, list[ToolCall] | None]:
        """One request: what the model said, and what it wants done; None when nobody wants more of the reply."""
        asked, text, calls = self.call.now(), "", list[ToolCall]()
        async with aclosing(self.ask(messages, self._offered(may_call))) as parts:
            async for part in parts:
                match part:
                    case ToolCall() if may_call:
                        calls.append(part)
                    case str():
                        if writing.at == 0:
                            self.tell_latency(turn, asked)
                        text += part
                        if not await writing.write(part):
                            return text, None
        return text, calls

    def _offered(self, may_call: bool) -> dict[str, Any]:
        schemas = self.toolbox.schemas()
        return {"tools": schemas, "tool_choice": "auto" if may_call else "none"} if schemas else {}
