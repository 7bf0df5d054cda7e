"""What the call is doing, for the caller's screen."""

from __future__ import annotations

import time

from voicegraph.core.screen import Messages, Screen
from voicegraph.frames import Amend, Caption, Event, Heard, Playing, Playout, Progress, ReplyText, Transcript, TurnCue, Words
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Place, Processor


class Page(Processor):
    """Tell the caller's page the words, states and timings of the call, as RTVI messages over the data channel (docs/protocol.md).

        page: page                              # at the end, below everything that it tells of

    Words of a reply that is still speculative wait until the reply is confirmed.
    """

    virtual_time = True
    observer = True
    words = In(Transcript, many=True, optional=True)
    captions = In(Caption, optional=True)
    reply = In(ReplyText, many=True, optional=True, confirmed=True)
    playout = In(Playout, optional=True)
    amendments = In(Amend, optional=True)
    events = In(Event, many=True, optional=True, confirmed=True)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._screen = Screen()

    def on_words(self, frame: Transcript) -> None:
        match frame:
            case Words():
                self._tell(self._screen.words(frame.segment, frame.text, frame.final, time.time()))
            case TurnCue():
                self._tell(self._screen.event("turn-cue", {"cue": frame.cue, "segment": frame.segment}))

    def on_captions(self, caption: Caption) -> None:
        data = {"line": caption.line, "settled": caption.settled, "ahead": caption.ahead, "final": caption.final}
        self._tell(self._screen.event("caption", data))

    def on_reply(self, text: ReplyText) -> None:
        if text.epoch is not None:
            self._tell(self._screen.text(text.epoch, text.text, text.last, text.spoken))

    def on_playout(self, fact: Playout) -> None:
        match fact:
            case Playing():
                self._tell(self._screen.playing(fact.reply, fact.on))
            case Progress():
                self._tell(self._screen.progress(fact.reply, fact.text))
            case Heard():
                self._tell(self._screen.heard(fact.reply, fact.text, fact.finished, fact.why))

    def on_amendments(self, late: Amend) -> None:
        self._tell(self._screen.event("user-amended", {"reply": late.reply, "text": late.text}))

    def on_events(self, event: Event) -> None:
        self._tell(self._screen.event(event.kind, event.data))

    def _tell(self, messages: Messages) -> None:
        for message in messages:
            self.call.line.tell(message)
