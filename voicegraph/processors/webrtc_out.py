"""The caller's loudspeaker: the way out of the graph."""

from __future__ import annotations

from functools import partial

import numpy as np

from voicegraph.core.playout import Fact, PlayoutBuffer
from voicegraph.frames import Heard, HeardAudio, Pcm, Playback, Playing, Playout, Progress, Starved
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor


class WebrtcOut(Processor):
    """Sends what the jitter buffer holds to the caller, on the clock of the line, and tells how far the caller has heard.

        speaker: webrtc_out                     # below the jitter_buffer, which it empties

    `playout` gives the facts (started, words reached, ended: exactly one Heard for each confirmed reply), `heard` the sound as it left.
    """

    virtual_time = True
    playback = In(Playback)
    playout = Out(Playout)
    heard = Out(HeardAudio, rate="playback")

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._buffer: PlayoutBuffer | None = None

    def on_playback(self, playback: Playback) -> None:
        self._buffer = playback.source
        playback.source.on_sound = self.call.line.wake
        self.call.line.play(playback.source.rate, partial(self._pull, playback.source), partial(self._asleep, playback.source))

    def _asleep(self, buffer: PlayoutBuffer) -> bool:
        return buffer.asleep and not self.heard.linked

    def _pull(self, buffer: PlayoutBuffer, n: int) -> Pcm:
        try:
            return self._next(buffer, n)
        except Exception as problem:  # noqa: BLE001  # it would end the outgoing track without a word, and the call would go on mute
            self.call.fail(problem, self)
            return np.zeros(n, np.int16)

    def _next(self, buffer: PlayoutBuffer, n: int) -> Pcm:
        pcm, facts = buffer.pull(n)
        for fact in facts:
            self.playout.send(_frame(fact))
        if self.heard.linked:
            self.heard.send(HeardAudio(pcm=pcm, rate=buffer.rate, t=self.call.now()))
        self.call.released()
        return pcm

    def reset(self, epoch: int) -> None:
        outcome = self._buffer.cut() if self._buffer is not None else None
        if self.call.replies.unsettled != epoch:
            return  # it was never confirmed: nobody heard or saw any of it
        rate = self._buffer.rate if self._buffer is not None else 0
        text, samples, finished = (outcome.text, outcome.samples, outcome.finished) if outcome is not None else ("", 0, False)
        why = self.call.replies.dropped_for
        self.playout.send(Heard(reply=epoch, text=text, samples=samples, rate=rate, finished=finished, why=why))


def _frame(fact: Fact) -> Playout:
    match fact.kind:
        case "started":
            return Playing(reply=fact.reply, on=True)
        case "reached":
            return Progress(reply=fact.reply, text=fact.text)
        case "drained":
            return Playing(reply=fact.reply, on=False)
        case "starved":
            return Starved(reply=fact.reply)
