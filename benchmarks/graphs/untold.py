"""A voice loses its word timings, and becomes one like most others."""

from __future__ import annotations

from dataclasses import replace

from voicegraph.frames import ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class Untold(Processor):
    """Passes the sound of a reply on, without the marks in it.

    untold: {use: ./untold.py:Untold, after: tts}
    """

    told = In(ReplyAudio)
    audio = Out(ReplyAudio, like="told")

    def on_told(self, audio: ReplyAudio) -> None:
        self.audio.send(replace(audio, marks=()))
