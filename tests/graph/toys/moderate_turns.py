from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from voicegraph.frames import Event, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class ModerateTurnsSettings(Settings):
    block: Mapping[str, float] = Field(default_factory=dict)
    say: str | None = None


class ModerateTurns(Processor):
    settings: ModerateTurnsSettings
    turns = In(Turn, exclusive=True)
    allowed = Out(Turn, name="turns")
    events = Out(Event)

    def on_turns(self, frame: Turn) -> None: ...
