"""Text in, `speech.audio.…` events out: what speech over HTTP and realtime speech have in common."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import numpy as np

from voicegraph.audio.wav import wav_bytes
from voicegraph.testing.mistral.behaviour import Delays, Event, Faults, Script
from voicegraph.testing.mistral.encodings import Samples
from voicegraph.testing.mistral.protocol import Due
from voicegraph.testing.mistral.tone import RATE, speak


def _pcm(sound: Samples) -> bytes:
    return sound.astype("<f4").tobytes()


def _wav(sound: Samples) -> bytes:
    return wav_bytes((sound * 32767).astype(np.int16), RATE)


FORMATS: dict[str, Callable[[Samples], bytes]] = {"pcm": _pcm, "wav": _wav}
"""The formats that this server can make. The hosted one has mp3, flac and opus too, and makes mp3 when nothing is asked for."""


def sound_of(text: str, response_format: str, script: Script) -> bytes:
    """The whole sound of a text, encoded."""
    return FORMATS[response_format](speak(text, script))


def seconds_of(text: str, script: Script) -> float:
    """How long it lasts."""
    return len(text.strip()) * script.seconds_per_character


def generation(text: str, response_format: str, script: Script, delays: Delays, faults: Faults) -> Iterator[Due]:
    """The deltas of one text, each when it is made, and their `done`."""
    sound = sound_of(text, response_format, script)
    after = delays.first_sound
    for chunk in _chunks(sound, round(script.chunk_seconds * RATE) * 4, faults.odd_chunks):
        yield Due({"type": "speech.audio.delta", "audio_data": base64.b64encode(chunk).decode()}, after)
        after = script.chunk_seconds / delays.speech_speed
    yield Due({"type": "speech.audio.done", "usage": usage(text)}, 0.0 if sound else after)


def usage(text: str) -> Event:
    """Tokens are counted as words, which is good enough to test with."""
    tokens = len(text.split())
    return {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}


def _chunks(sound: bytes, size: int, odd: bool) -> Iterator[bytes]:
    """Pieces of whole samples or, if `odd`, of one byte more or less, so that most boundaries cut a sample."""
    stops = np.arange(size, len(sound), size)
    if odd:
        stops = stops + np.resize([1, -1, 2], len(stops))
    start = 0
    for stop in [*stops.tolist(), len(sound)]:
        if stop > start:
            yield sound[start:stop]
        start = stop
