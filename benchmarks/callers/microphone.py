"""What a lean caller's microphone gives, encoded once and for all: a question in a quiet room."""

from __future__ import annotations

import numpy as np

from voicegraph.audio.resample import resample
from voicegraph.core.sound import Pcm
from voicegraph.rtc.opus import CLOCK, PACKET, SECONDS, Encoder

CYCLE = 12.0
"""Seconds from one question to the next. The stand-in's reply to it (processes.ANSWER) lasts half of that."""
NOISE = -65.0
"""dBFS of the room. Not digital silence: nobody's microphone gives that, and encoders and detectors have less to do with it."""
_LEAD = 0.1


def room(seconds: float, seed: int = 0) -> Pcm:
    """White noise, mono int16 at 48 kHz."""
    return np.rint(np.random.default_rng(seed).normal(0.0, 32768 * 10 ** (NOISE / 20), round(seconds * CLOCK))).astype(np.int16)


def cycle(question: Pcm, rate: int) -> list[bytes]:
    """Opus packets of 20 ms: the question (mono int16 at `rate` Hz) and then the room, CYCLE seconds in all."""
    sound = room(CYCLE)
    said = resample(question, rate, CLOCK)
    at = round(_LEAD * CLOCK)
    sound[at : at + said.size] += said
    return _encoded(sound)


def quiet() -> list[bytes]:
    """Opus packets of the room alone."""
    return _encoded(room(1.0))


def question_ends(question: Pcm, rate: int) -> float:
    """Seconds from the begin of a cycle to the end of the question in it."""
    return _LEAD + question.size / rate + SECONDS


def _encoded(sound: Pcm) -> list[bytes]:
    encoder = Encoder(CLOCK)
    return [encoder.encode(sound[at : at + PACKET]) for at in range(0, sound.size - PACKET + 1, PACKET)]
