from __future__ import annotations

from voicegraph.frames import CallerAudio, ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class Echo(Processor):
    audio = In(CallerAudio)
    echo = Out(ReplyAudio, name="audio", rate="audio")

    def on_audio(self, frame: CallerAudio) -> None: ...
