from __future__ import annotations

from voicegraph.frames import CallerAudio, HeardAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class RecorderSettings(Settings):
    path: str = "calls"


class Recorder(Processor):
    settings: RecorderSettings
    observer = True
    caller = In(CallerAudio, optional=True)
    reply = In(HeardAudio, optional=True)

    def on_caller(self, frame: CallerAudio) -> None: ...

    def on_reply(self, frame: HeardAudio) -> None: ...
