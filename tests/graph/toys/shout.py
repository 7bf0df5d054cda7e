from __future__ import annotations

from voicegraph.frames import ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class Shout(Processor):
    words = In(ReplyText)
    loud = Out(ReplyText)

    def on_words(self, frame: ReplyText) -> None: ...
