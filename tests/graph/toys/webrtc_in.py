from __future__ import annotations

from voicegraph.frames import CallerAudio, Command
from voicegraph.graph.ports import Out
from voicegraph.graph.processor import Processor


class WebrtcIn(Processor):
    audio = Out(CallerAudio, rate=48000)
    commands = Out(Command)
