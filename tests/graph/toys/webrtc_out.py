from __future__ import annotations

from voicegraph.frames import HeardAudio, Playback, Playout
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class WebrtcOut(Processor):
    playback = In(Playback)
    playout = Out(Playout)
    heard = Out(HeardAudio, rate="playback")

    def on_playback(self, frame: Playback) -> None: ...
