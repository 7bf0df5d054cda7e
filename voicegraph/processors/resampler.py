"""Changes the rate of sound, on either side."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from voicegraph.audio.resample import StreamResampler
from voicegraph.frames import Audio, ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Settings


class ResamplerSettings(Settings):
    rate: int = Field(ge=8000, le=192000)
    """Hz to give."""


class Resampler(Processor):
    """Gives the same sound at another rate, one frame for each that comes, with nothing but its samples changed.

        resampler:
          use: resampler
          rate: 16000                           # Hz of what it gives; what comes in may have any

    It holds 16 samples of the lower rate back (1 ms at 16 kHz). The caller's sound is one stream for the whole call, each reply is one of its own.
    """

    virtual_time = True
    settings: ResamplerSettings
    audio = In(Audio)
    resampled = Out(Audio, name="audio", like="audio", rate="rate")

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._streams: dict[type[Audio], StreamResampler] = {}

    def on_audio(self, audio: Audio) -> None:
        rate = self.settings.rate
        if audio.rate == rate:
            self.resampled.send(audio)
            return
        kind = type(audio)
        stream = self._streams.get(kind)
        if stream is None or stream.source != audio.rate:
            stream = self._streams[kind] = StreamResampler(audio.rate, rate)
        ends_reply = isinstance(audio, ReplyAudio) and audio.last
        self.resampled.send(replace(audio, pcm=stream.finish(audio.pcm) if ends_reply else stream.feed(audio.pcm), rate=rate))

    def reset(self, epoch: int) -> None:
        self._streams.pop(ReplyAudio, None)
