from __future__ import annotations

from pathlib import Path

from pydantic import Field

from voicegraph.frames import Amend, Event, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class MistralAgentSettings(Settings):
    model: str
    instructions: str = ""
    temperature: float | None = Field(None, ge=0, le=1.5)
    stream: bool = True
    base_url: str | None = None
    tools: Path | None = None


class MistralAgent(Processor):
    settings: MistralAgentSettings
    turns = In(Turn)
    amendments = In(Amend, optional=True)
    playout = In(Playout, optional=True, feedback=True)
    reply = Out(ReplyText)
    events = Out(Event)

    def on_turns(self, frame: Turn) -> None: ...

    def on_playout(self, frame: Playout) -> None: ...

    def on_amendments(self, frame: Amend) -> None: ...
