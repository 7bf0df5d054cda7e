from __future__ import annotations

from typing import Literal

from voicegraph.frames import Amend, Command, Event, Playout, Speech, Transcript, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Duration, Settings


class Listening(Settings):
    silence: Duration | None = None
    speculations: int | None = None


class InterruptionSettings(Settings):
    preset: Literal["eager", "balanced", "patient"] = "balanced"
    listening: Listening = Listening()


class Interruption(Processor):
    settings: InterruptionSettings
    owns_floor = True
    commands = In(Command, optional=True)
    speech = In(Speech, optional=True)
    words = In(Transcript)
    playout = In(Playout, feedback=True)
    turns = Out(Turn)
    events = Out(Event)
    amendments = Out(Amend)

    def on_commands(self, frame: Command) -> None: ...

    def on_speech(self, frame: Speech) -> None: ...

    def on_words(self, frame: Transcript) -> None: ...

    def on_playout(self, frame: Playout) -> None: ...
