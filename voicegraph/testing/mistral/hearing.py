"""The settings of a realtime transcription session: what `session.update` may say, and what it settles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.encodings import ENCODINGS
from voicegraph.testing.mistral.protocol import Complaint

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
"""Sampling rates in Hz that the hosted API takes."""
DELAYS_MS = (80, 2400)
"""The least and the greatest `target_streaming_delay_ms`."""
TURN_DETECTION = {"start_threshold": 0.5, "eager_end_threshold": 0.5, "end_threshold": 0.33, "min_silence_ms": 500, "end_timeout_ms": 3000}

_OTHER_FIELDS = ("diarize", "context_bias", "language")  # they change nothing here


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a session has settled. Frozen at its first audio."""

    model: str
    encoding: str = "pcm_s16le"
    rate: int = 16000
    delay_ms: int = 480
    turn_detection: dict[str, Any] | None = None
    other: dict[str, Any] = field(default_factory=dict)

    def event(self, request_id: str) -> Event:
        """The `session` of session.created and session.updated."""
        session = {
            "request_id": request_id,
            "model": self.model,
            "audio_format": {"encoding": self.encoding, "sample_rate": self.rate},
            "target_streaming_delay_ms": self.delay_ms,
            **self.other,
        }
        return session if self.turn_detection is None else {**session, "turn_detection": self.turn_detection}


def settle(hearing: Hearing, update: Event) -> Hearing:
    """What an update makes of the settings. Raises Complaint."""
    update = {name: value for name, value in update.items() if value is not None}
    if "audio_format" in update:
        hearing = _audio_format(hearing, update["audio_format"])
    if "target_streaming_delay_ms" in update:
        hearing = _delay(hearing, update["target_streaming_delay_ms"])
    other = {name: update[name] for name in _OTHER_FIELDS if name in update}
    if "speaker_references" in update:
        other["speaker_references"] = list(update["speaker_references"])
    hearing = replace(hearing, other={**hearing.other, **other})
    return _turn_detection(hearing, update["turn_detection"]) if "turn_detection" in update else hearing


def _audio_format(hearing: Hearing, audio_format: Event) -> Hearing:
    encoding, rate = audio_format.get("encoding"), audio_format.get("sample_rate")
    if encoding not in ENCODINGS or rate not in RATES:
        raise Complaint(f"Unsupported audio format: {encoding} at {rate} Hz")
    return replace(hearing, encoding=encoding, rate=rate)


def _delay(hearing: Hearing, delay_ms: int) -> Hearing:
    least, greatest = DELAYS_MS
    if not least <= delay_ms <= greatest:
        raise Complaint(f"target_streaming_delay_ms must be between {least} and {greatest}")
    return replace(hearing, delay_ms=delay_ms)


def _turn_detection(hearing: Hearing, asked: Event) -> Hearing:
    settings = {**TURN_DETECTION, **{name: value for name, value in asked.items() if value is not None}}
    if "realtime-3" not in hearing.model:
        raise Complaint(f"{hearing.model} has no turn detection")
    if hearing.other.get("diarize"):
        raise Complaint("turn_detection cannot be combined with diarize")
    if not settings["start_threshold"] >= settings["eager_end_threshold"] > settings["end_threshold"]:
        raise Complaint("turn_detection needs start_threshold >= eager_end_threshold > end_threshold")
    if settings["end_timeout_ms"] < settings["min_silence_ms"]:
        raise Complaint("turn_detection needs end_timeout_ms >= min_silence_ms")
    return replace(hearing, turn_detection=settings)
