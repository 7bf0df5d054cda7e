"""What the call is doing, for the caller's screen."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from voicegraph.core.screen import Messages, Screen
from voicegraph.frames import (
    Amend,
    Caption,
    Command,
    Event,
    Heard,
    Playing,
    Playout,
    PlayoutDelay,
    Progress,
    ReplyText,
    Transcript,
    TurnCue,
    Words,
)
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Place, Processor


class Page(Processor):
    """Tell the caller's page the words, states and timings of the call, as RTVI messages over the data channel (docs/protocol.md).

        page: page                              # at the end, below everything that it tells of

    Words of a reply that is still speculative wait until the reply is confirmed; those that have left are shown when they are heard, where the page
    tells its playout delay.
    """

    virtual_time = True
    observer = True
    words = In(Transcript, many=True, optional=True)
    captions = In(Caption, optional=True)
    reply = In(ReplyText, many=True, optional=True, confirmed=True)
    playout = In(Playout, optional=True)
    amendments = In(Amend, optional=True)
    events = In(Event, many=True, optional=True, confirmed=True)
    commands = In(Command, optional=True)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._screen = Screen()
        self._delay = 0.0
        self._on_the_way: deque[tuple[float, Playout]] = deque()
        """What has left and has not reached the caller's ears, with when it does."""
        self._timer: asyncio.TimerHandle | None = None

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

    def on_commands(self, command: Command) -> None:
        if isinstance(command, PlayoutDelay):
            self._delay = command.seconds

    def on_playout(self, fact: Playout) -> None:
        self._on_the_way.append((self.call.now() + self._delay, fact))
        self._follow(everything=isinstance(fact, Heard) and not fact.finished)  # an interruption shows at once

    def _follow(self, everything: bool = False) -> None:
        """Show what has reached the ears, or all that has left."""
        while self._on_the_way and (everything or self._on_the_way[0][0] <= self.call.now()):
            self._show(self._on_the_way.popleft()[1])
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(self._on_the_way[0][0], self._follow) if self._on_the_way else None

    def _show(self, fact: Playout) -> None:
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

    async def close(self) -> None:
        self._follow(everything=True)

    def _tell(self, messages: Messages) -> None:
        for message in messages:
            self.call.line.tell(message)
