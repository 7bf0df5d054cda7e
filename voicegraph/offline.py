"""A call without WebRTC: a WAV file speaks, and what is said back is kept."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np

from voicegraph.audio.resample import resample
from voicegraph.audio.wav import wav_bytes
from voicegraph.core.sound import Pcm
from voicegraph.errors import VoicegraphError
from voicegraph.graph.line import Asleep, Hear, Message, Obey, Pull, never

TICK = 0.02
"""Seconds of sound per step, as in an RTP packet."""
QUIET = 2.0
"""Seconds of silence after which a reply counts as finished."""
BREATH = 10
"""Steps before the end of the caller's speech: who sounded then was not answering it."""
RATES = range(4000, 192_001)
"""Hz of a file that speech can be in; a damaged header says anything."""
FLOOR = 60.0
"""Root mean square (of 32768) below which 20 ms count as silence."""


class WavError(VoicegraphError):
    """A sound file that cannot be used, or not be written."""


class Transcript:
    """What was said, as the page would have shown it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._lines: dict[str, tuple[str, str]] = {}

    @property
    def lines(self) -> list[tuple[str, str]]:
        """("caller" or "agent", words), in order."""
        return list(self._lines.values())

    def add(self, message: Message) -> None:
        """Take one RTVI message."""
        data: Any = message.get("data") or {}
        match message.get("type"):
            case "user-transcription" if data["final"]:
                self._lines[f"caller {data['segment']}"] = ("caller", data["text"])  # late final words take the place of the earlier ones
            case "bot-output":
                words = data["spoken_progress"]["accumulated_text"] if data["will_be_spoken"] else data["text"]
                if words:
                    self._lines[f"agent {data['segment_id']}"] = ("agent", words)
            case "error":
                self.problems.append(data["message"])


class WavLine:
    """The `Line` of a call whose caller is a WAV file, by the loop's clock. After the file, the caller is silent."""

    def __init__(self, pcm: Pcm, rate: int) -> None:
        self._pcm = pcm
        self._rate = rate
        self._hear: Hear | None = None
        self._pull: Pull | None = None
        self._heard: list[Pcm] = []
        self._ears = self._mouth = rate
        self.transcript = Transcript()
        self.first_sound: float | None = None
        """Seconds from the end of the caller's speech to the first sound of the reply; None when it was sounding already."""
        self.seconds = 0.0
        """How long the call has lasted."""

    # --- the Line ----------------------------------------------------------------------------------------------------------------

    def listen(self, rate: int, hear: Hear) -> None:
        self._ears, self._hear = rate, hear

    def obey(self, take: Obey) -> None:
        """Nobody types here."""

    def play(self, rate: int, pull: Pull, asleep: Asleep = never) -> None:  # it is in no hurry to save work
        self._mouth, self._pull = rate, pull

    def wake(self) -> None:
        """It never sleeps."""

    def tell(self, message: Message) -> None:
        self.transcript.add(message)

    # --- the call ----------------------------------------------------------------------------------------------------------------

    async def talk(self, patience: float) -> bool:
        """Speak the file and listen until the reply to it is over. False: nothing was said within `patience` seconds after the file's end."""
        question = _pieces(resample(self._pcm, self._rate, self._ears), round(self._ears * TICK))
        spoken = max((index for index, piece in enumerate(question) if loud(piece)), default=-1) + 1
        answer = max(spoken - BREATH, 0)
        silence = np.zeros(round(self._ears * TICK), np.int16)
        loop = asyncio.get_running_loop()
        begin, tick, last_sound = loop.time(), 0, -1
        while tick < len(question) or last_sound < answer or (tick - last_sound) * TICK < QUIET:
            if last_sound < answer and (tick - len(question)) * TICK > patience:
                return False
            if self._hear is not None:
                self._hear(question[tick] if tick < len(question) else silence.copy(), loop.time())
            if self._listened():
                if last_sound < answer and tick >= spoken:
                    self.first_sound = (tick - spoken) * TICK
                last_sound = tick
            tick += 1
            self.seconds = tick * TICK
            await asyncio.sleep(begin + tick * TICK - loop.time())
        return True

    def _listened(self) -> bool:
        if self._pull is None:
            return False
        piece = self._pull(round(self._mouth * TICK))
        self._heard.append(piece)
        return loud(piece)

    def save(self, path: Path) -> None:
        """Write what was heard, from the call's first moment on. Raises WavError."""
        pcm = np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)
        try:
            path.write_bytes(wav_bytes(pcm, self._mouth))
        except OSError as problem:
            raise WavError(f"{path} cannot be written: {problem.strerror}.") from problem


def read_wav(path: Path) -> tuple[Pcm, int]:
    """Mono sound and its rate. Channels are averaged. Raises WavError with a sentence."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except OSError as problem:
        raise WavError(f"{path} cannot be read: {problem.strerror}.") from problem
    except (wave.Error, EOFError) as problem:
        raise WavError(f"{path} is not a WAV file of plain PCM: ffmpeg -i {path} -c:a pcm_s16le out.wav makes one.") from problem
    if width != 2:
        raise WavError(f"{path} has {8 * width} bits per sample: 16 are needed (ffmpeg -i {path} -c:a pcm_s16le out.wav).")
    samples = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)
    if rate not in RATES:
        raise WavError(f"{path} has {rate} samples per second: {RATES[0]} to {RATES[-1]} are possible (ffmpeg -i {path} -ar 16000 out.wav).")
    if not len(samples):
        raise WavError(f"{path} has no sound in it.")
    return samples.mean(axis=1).astype(np.int16), rate


def loud(pcm: Pcm) -> bool:
    """Whether there is more than noise in it."""
    return len(pcm) > 0 and float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) > FLOOR


def _pieces(pcm: Pcm, size: int) -> list[Pcm]:
    """Equal pieces, the last one filled up with silence."""
    padded = np.concatenate([pcm, np.zeros(-len(pcm) % size, np.int16)])
    return [piece.copy() for piece in padded.reshape(-1, size)]
