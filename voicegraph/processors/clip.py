"""Cuts out what is said while a button is held."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from voicegraph.core.clips import Clips
from voicegraph.core.sound import Pcm
from voicegraph.frames import CallerAudio, Command, Event, Talk
from voicegraph.frames import Clip as ClipFrame
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Duration, Settings


class ClipSettings(Settings):
    pre_roll: Duration = 0.2
    """How much before the press belongs to it: people begin to speak while they press."""
    shortest: Duration = 0.3
    """A press that brings less sound than this was a slip."""
    longest: Annotated[Duration, Field(gt=0, le=600)] = 120.0
    """Where a clip ends although the button is still held. At most 10min."""


class Clip(Processor):
    """Gives the sound between two presses as one piece, for models that want all of it at once.

        clip:
          use: clip
          pre_roll: 200ms                       # people begin to speak while they press
          longest: 2min

    The page sends the presses (`talk`, docs/protocol.md); the floor that ends the turn with the second one needs `mode: manual`.
    """

    virtual_time = True
    settings: ClipSettings
    audio = In(CallerAudio)
    commands = In(Command)
    clip = Out(ClipFrame, rate="audio")
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._clips = Clips(self.audio.rate, self.settings.pre_roll, self.settings.pre_roll + self.settings.longest)

    def on_audio(self, audio: CallerAudio) -> None:
        if (pcm := self._clips.add(audio.pcm)) is not None:
            self._give(pcm)

    def on_commands(self, command: Command) -> None:
        match command:
            case Talk(on=True):
                self._clips.open()
            case Talk(on=False) if (pcm := self._clips.close()) is not None:
                self._give(pcm)

    def _give(self, pcm: Pcm) -> None:
        if len(pcm) >= (self.settings.pre_roll + self.settings.shortest) * self.audio.rate:
            self.clip.send(ClipFrame(pcm=pcm, rate=self.audio.rate))
        else:
            sentence = "That was too short to hear anything: hold the button while you speak."
            self.events.send(Event(kind="error", data={"error": sentence, "message": sentence, "fatal": False}))
