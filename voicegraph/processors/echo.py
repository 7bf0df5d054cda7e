"""Plays back what it hears."""

from __future__ import annotations

from voicegraph.frames import CallerAudio, ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class Echo(Processor):
    """The caller hears himself: the shortest way through the server, for trying out a line and measuring it.

        echo: echo                              # above the jitter_buffer; there is no agent and no voice

    For graphs without an interruption node: its sound belongs to no reply.
    """

    virtual_time = True
    audio = In(CallerAudio)
    echoed = Out(ReplyAudio, name="audio", rate="audio")

    def on_audio(self, audio: CallerAudio) -> None:
        self.echoed.send(ReplyAudio(pcm=audio.pcm, rate=audio.rate))
