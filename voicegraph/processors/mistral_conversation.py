"""An agent that Mistral runs with tools of its own, such as searching the web."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from voicegraph.core.dialogue import Dialogue, Message
from voicegraph.core.retrying import Retries
from voicegraph.core.thread import Append, Restart, Start, Thread
from voicegraph.errors import ReplyFailed
from voicegraph.frames import Event, Heard, Turn
from voicegraph.graph.processor import Place, Share
from voicegraph.graph.settings import ByLanguage, Duration, in_language
from voicegraph.mistral.answers import Chunk, chunks_in, text_in
from voicegraph.mistral.chat import patiently
from voicegraph.mistral.client import MistralClients
from voicegraph.mistral.errors import failures, plainly, status_of
from voicegraph.mistral.settings import MistralSettings
from voicegraph.mistral.streams import conversation_events
from voicegraph.processors._remembering import RememberingAgent
from voicegraph.processors._writing import Writing

if TYPE_CHECKING:
    from mistralai.client.utils.eventstreaming import EventStreamAsync

GONE = 404
"""The HTTP status for a conversation that the service does not know any more."""


class MistralConversationSettings(MistralSettings):
    model: str = "mistral-medium-latest"
    """The model that answers and decides when to use a tool."""
    agent_id: str | None = None
    """Instead of model, instructions and tools: an agent that was made with Mistral before."""
    instructions: str = "You are a friendly voice on the phone. Answer in one or two short sentences, in plain words without lists, links or markup."
    """Who the agent is and how it talks."""
    tools: tuple[Literal["web_search", "web_search_premium", "code_interpreter"], ...] = ("web_search",)
    """What Mistral may use on its own."""
    filler: ByLanguage = "One moment, I'll look that up."
    """What is said while a tool runs, once per answer; "" for nothing."""
    history: int = Field(20, ge=1)
    """How many exchanges are remembered here, in case that Mistral's memory has to be put right."""
    silence: Annotated[Duration, Field(gt=0)] = 20.0
    """How long the service may say nothing, also while a tool runs."""

    async def warm(self, share: Share) -> None:
        await super().warm(share)
        await asyncio.to_thread(lambda: share(MistralClients).get(self.key(), self.base_url).beta.conversations)


class MistralConversation(RememberingAgent):
    """Answers with Mistral's own tools. The conversation is kept by Mistral; after an interruption it goes on from what was heard.

        agent:
          use: mistral_conversation
          tools: [web_search]
          filler: Let me look that up.          # while it searches

    Sources go to the page and are not read aloud.
    """

    settings: MistralConversationSettings
    writing: Writing | None = None
    """The last answer that Mistral was asked for."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.dialogue = Dialogue("", self.settings.history)
        self.thread = Thread()

    async def start(self) -> None:
        sdk = self.settings.client(self.place)
        self.conversations = await asyncio.to_thread(lambda: sdk.beta.conversations)  # half a second of imports, the first time

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        writing = Writing(self.reply, turn)
        if turn.say is not None:
            writing.finish(turn.say)
            return
        self.writing = writing
        with plainly(ReplyFailed):
            try:
                await self._answer(turn, writing)
            except failures() as problem:
                if status_of(problem) != GONE:
                    raise
                self.thread.forgotten()
                await self._answer(turn, writing)

    def _ask(self, reply: int) -> Awaitable[EventStreamAsync[Any]]:
        step = self.thread.ask(reply, self.dialogue.exchanges(tools=False))  # the service knows no tools but its own
        inputs: Any = [_entry(message) for message in step.inputs]
        match step:
            case Append(conversation):
                return self.conversations.append_stream_async(conversation_id=conversation, inputs=inputs)
            case Restart(conversation, entry):
                return self.conversations.restart_stream_async(conversation_id=conversation, from_entry_id=entry, inputs=inputs)
            case Start():
                options = self.settings
                agent: dict[str, Any] = {"agent_id": options.agent_id}
                if options.agent_id is None:
                    tools = [{"type": tool} for tool in options.tools]
                    agent = {"model": options.model, "instructions": options.instructions, "tools": tools}
                return self.conversations.start_stream_async(inputs=inputs, **agent)

    async def _answer(self, turn: Turn, writing: Writing) -> None:
        assert turn.epoch is not None
        epoch, conversation, sources = turn.epoch, "", dict[str, str]()
        searching, retries = AsyncExitStack(), Retries(self.place.replaceable)
        answer = patiently(self.settings.silence, lambda: self._ask(epoch), conversation_events, retries, _is_answer)
        async with searching, aclosing(answer) as events:
            async for event in events:
                match event:
                    case {"type": "conversation.response.started", "conversation_id": str(id)}:
                        conversation = id
                    case {"type": "tool.execution.started", "name": str(name)}:
                        searching.enter_context(self.call.replies.work(turn.epoch))
                        self._tell(turn, "tool", name=name)
                        if writing.at == 0 and (filler := in_language(self.settings.filler, turn.language)):
                            await writing.write(f"{filler} ")
                    case {"type": "message.output.delta", "id": str(entry), "content": content}:
                        await searching.aclose()
                        self.thread.answered(turn.epoch, conversation, entry)
                        chunks = chunks_in(content)
                        sources |= _sources(chunks)
                        if not await writing.write(text_in(chunks)):
                            return
        writing.finish()
        if sources:
            self._tell(turn, "sources", sources=[{"url": url, "title": title} for url, title in sources.items()])

    def _tell(self, turn: Turn, kind: str, **data: object) -> None:
        self.events.send(Event(epoch=turn.epoch, kind=kind, data={"reply": turn.epoch, **data}))

    def entered(self, heard: Heard) -> None:
        written = self.writing.text if self.writing is not None else ""
        self.thread.entered(heard.reply, whole=heard.finished and _letters(heard.text) == _letters(written))

    def amended(self, reply: int) -> None:
        self.thread.amended(reply)


def _letters(text: str) -> str:
    """Without the blanks, which a voice need not keep between its pieces."""
    return "".join(text.split())


def _entry(message: Message) -> dict[str, str]:
    return {"type": "message.input", "role": message["role"], "content": message["content"]}


def _is_answer(event: Mapping[str, Any]) -> bool:
    """Whether it is of the answer itself. Searching once more does no harm, before it."""
    return event.get("type") == "message.output.delta"


def _sources(content: Sequence[Chunk]) -> dict[str, str]:
    """Address → title of what an answer refers to."""
    return {chunk.url: chunk.title or chunk.url for chunk in content if chunk.type == "tool_reference" and chunk.url}
