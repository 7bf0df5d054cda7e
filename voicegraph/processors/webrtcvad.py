"""Hears when the caller speaks, with the detector that is built into WebRTC."""

from __future__ import annotations

import webrtcvad  # type: ignore[import-untyped]
from pydantic import Field

from voicegraph.core.speech import Blocks, SpeechGate, level
from voicegraph.frames import CallerAudio, Speech
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Decibels, Duration, Settings

# The defaults are measured on recordings with a noise floor near -79 dB and speech near -20 dB: speech is reported 60-70 ms after its first sound.
# Blocks of 10 ms rather than 20 or 30: the stroke of a key fades within them, so 10 s of typing give 2 false starts (0.8 s) instead of 8 and more.
# The mode hardly matters for that; the floor does: 3 starts that cover 9.2 s of the typing at -50 dB, 5 and 6.3 s at -45 dB, 2 and 0.8 s at -42 dB,
# none at -38 dB, where speech that comes in at -43 dB begins to get lost (browsers raise quiet voices to about -20 dB). Mode 3 breaks sentences up.
# Other people's talk in the room is speech to this detector.
BLOCK = 0.01


class WebrtcVadSettings(Settings):
    mode: int = Field(2, ge=0, le=3)
    """How sure it must be that a sound is speech: 0 takes much for speech, 3 little."""
    start: Duration = 0.06
    """Speech needed before it counts as started. The reply yields that much later; shorter starts at every click."""
    stop: Duration = 0.2
    """Silence needed before speech counts as stopped. Shorter tears words apart."""
    floor: Decibels = -42.0
    """Sound below this level (RMS, 0dB is full scale) is never speech."""


class WebrtcVad(Processor):
    """Says when speech started and stopped, dated back to when it really did.

        vad:
          use: webrtcvad
          mode: 2                               # 0 takes much for speech, 3 little
          start: 60ms                           # speech needed before it counts as started
          stop: 200ms                           # silence needed before it counts as stopped
          floor: -42dB                          # what is quieter is never speech

    Both facts come that much later than what they tell of.
    """

    virtual_time = True
    settings: WebrtcVadSettings
    audio = In(CallerAudio, rates=(8000, 16000, 32000, 48000))
    speech = Out(Speech)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._detector = webrtcvad.Vad(self.settings.mode)
        self._gate = SpeechGate(self.settings.start, self.settings.stop)
        self._blocks = Blocks(int(self.audio.rate * BLOCK))

    def on_audio(self, audio: CallerAudio) -> None:
        for block, after in self._blocks.feed(audio.pcm):
            voiced = level(block) >= self.settings.floor and self._detector.is_speech(block.tobytes(), audio.rate)
            edge = self._gate.feed(voiced, BLOCK, audio.t - after / audio.rate)
            if edge is not None:
                self.speech.send(Speech(on=edge.on, t=edge.t))
