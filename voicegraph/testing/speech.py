"""Speech for tests, made by eSpeak NG: no recordings, nearly the same samples every time (the lengths differ by a few).

python -m voicegraph.testing.speech "What time is it?" question.wav
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from voicegraph.audio.resample import resample
from voicegraph.audio.wav import wav_bytes
from voicegraph.core.sound import Pcm
from voicegraph.local.espeak import RATE, Voice, synthesise


def speak(text: str, rate: int = 16000, voice: str = "en-us", speed: int = 150) -> Pcm:
    """Somebody says `text`: mono int16 at `rate` Hz, beginning and ending within 20 ms of the sound itself. `speed` in words per minute."""
    return resample(synthesise(text, Voice(voice, speed)).pcm, RATE, rate)


def silence(seconds: float, rate: int = 16000) -> Pcm:
    """Nobody says anything: digital silence, mono int16."""
    return np.zeros(round(seconds * rate), np.int16)


def says(*parts: str | float, rate: int = 16000) -> Pcm:
    """What a microphone hears of somebody who says these sentences, with these seconds of silence between them: mono int16."""
    return np.concatenate([speak(part, rate) if isinstance(part, str) else silence(part, rate) for part in parts])


def trimmed(pcm: Pcm, audible: int = 300) -> Pcm:
    """From its first audible sample to its last: what is measured by it is speech, not the silence around it."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > audible)
    return pcm[loud[0] : loud[-1] + 1]


def murmur(seconds: float, level: float = -26.0, rate: int = 24_000) -> Pcm:
    """Noise that swells four times a second, as loud as `level` says (dB relative to full scale): a voice, where nobody listens for words."""
    t = np.arange(round(seconds * rate)) / rate
    swelling = np.abs(np.sin(2 * np.pi * 2 * t)) * np.random.default_rng(5).normal(0, 1, len(t))
    pcm: Pcm = np.clip(swelling / swelling.std() * 32768 * 10 ** (level / 20), -32768, 32767).astype(np.int16)
    return pcm


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m voicegraph.testing.speech", description="Write a WAV file in which somebody says a text.")
    parser.add_argument("text")
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    options.file.write_bytes(wav_bytes(speak(options.text, 16000), 16000))


if __name__ == "__main__":
    main()
