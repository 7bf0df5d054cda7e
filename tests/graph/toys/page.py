from __future__ import annotations

from voicegraph.frames import Amend, Event, Playout, ReplyText, Transcript
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Processor


class Page(Processor):
    observer = True
    words = In(Transcript, optional=True, many=True)
    reply = In(ReplyText, optional=True, many=True)
    playout = In(Playout, optional=True)
    amendments = In(Amend, optional=True)
    events = In(Event, optional=True, many=True)

    def on_words(self, frame: Transcript) -> None: ...

    def on_reply(self, frame: ReplyText) -> None: ...

    def on_playout(self, frame: Playout) -> None: ...

    def on_events(self, frame: Event) -> None: ...

    def on_amendments(self, frame: Amend) -> None: ...
