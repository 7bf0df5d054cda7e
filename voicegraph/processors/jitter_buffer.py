"""Holds the sound of the reply until the caller's line is due to play it."""

from __future__ import annotations

from voicegraph.core.playout import PlayoutBuffer
from voicegraph.core.sound import OPUS_RATES
from voicegraph.errors import CallFailed
from voicegraph.frames import Playback, ReplyAudio
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Gate, Place, Processor
from voicegraph.graph.settings import Decibels, Duration, Settings


class JitterBufferSettings(Settings):
    cushion: Duration = 0.06
    """Sound to gather before a reply starts: longer survives a slower voice, shorter answers sooner."""
    ahead: Duration = 20.0
    """Sound to have ready at most; a faster voice waits."""
    duck: Decibels = -12.0
    """How much quieter the reply gets while the caller may be starting to speak."""
    patience: Duration = 2.0
    """How long a reply may fall silent in the middle before it counts as failed."""


class JitterBuffer(Processor):
    """Evens out a voice that comes in bursts; can be ducked, paused, resumed and cut within one packet.

        jitter:
          use: jitter_buffer
          cushion: 60ms                         # sound held back so that a hiccup of the network is not heard
          duck: -12dB                           # while the caller may be starting to speak

    It keeps the ledger of what the caller has heard. Sound of a speculative reply waits before this node until the turn is certain.
    """

    virtual_time = True
    settings: JitterBufferSettings
    audio = In(ReplyAudio, confirmed=True, rates=OPUS_RATES)
    playback = Out(Playback, rate="audio")

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        options = self.settings
        self._buffer = PlayoutBuffer(
            self.audio.rate, cushion=options.cushion, ahead=options.ahead, duck=10 ** (options.duck / 20), patience=options.patience
        )

    async def run(self) -> None:
        self.playback.send(Playback(source=self._buffer))

    def on_audio(self, audio: ReplyAudio) -> None:
        if audio.epoch is None and self.call.has_floor:
            raise CallFailed(f"'{self.name}' was sent sound that belongs to no reply: keep the epoch of the frame it was made from")
        self._buffer.push(audio.epoch, audio.pcm, audio.span, audio.marks, ends=audio.ends, last=audio.last)

    def full(self) -> bool:
        return self._buffer.free() <= 0

    def gate(self, gate: Gate) -> None:
        self._buffer.gate(gate)

    def reset(self, epoch: int) -> None:
        if epoch == self._buffer.reply:
            self._buffer.cut()
