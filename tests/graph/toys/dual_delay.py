from __future__ import annotations

from voicegraph.frames import Event, Transcript
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class DualDelay(Processor):
    fast = In(Transcript)
    slow = In(Transcript)
    captions = Out(Event)

    def on_fast(self, frame: Transcript) -> None: ...

    def on_slow(self, frame: Transcript) -> None: ...
