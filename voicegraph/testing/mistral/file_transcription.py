"""Transcription of a whole file: `POST /v1/audio/transcriptions`, multipart."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

from aiohttp import web

from voicegraph.testing.mistral.refusals import bad_request, missing
from voicegraph.testing.mistral.stream import WholeAnswer
from voicegraph.testing.mistral.visit import Visit


async def file_transcription(visit: Visit) -> web.StreamResponse:
    """Serve one request: the n-th file has the n-th scripted utterance in it, spread over its length. Raises Refusal."""
    body = visit.body
    for required in ("model", "file"):
        if required not in body:
            raise missing(required)
    if body.get("language") and body.get("timestamp_granularities"):
        raise bad_request("language and timestamp_granularities exclude each other")
    seconds = _length(body["file"])
    visit.opened()
    answer = WholeAnswer(visit)
    await answer.open()
    await asyncio.sleep(visit.delays.file_transcription)
    await answer.send(_transcription(visit, visit.script.utterance(visit.number, visit.turn), seconds))
    visit.finish()
    return answer.response


def _transcription(visit: Visit, utterance: str, seconds: float) -> dict[str, Any]:
    pieces = [piece.strip() for piece in utterance.split("|")]
    tells_apart = visit.body.get("diarize") == "true"
    segments = [
        {
            "type": "transcription_segment",
            "text": piece,
            "start": round(index * seconds / len(pieces), 2),
            "end": round((index + 1) * seconds / len(pieces), 2),
            "speaker_id": f"speaker_{index % 2 + 1}" if tells_apart else None,
            "score": None,
        }
        for index, piece in enumerate(pieces)
    ]
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "prompt_audio_seconds": round(seconds)}
    timed = "segment" in visit.body.get("timestamp_granularities", ())
    language = visit.body.get("language") or visit.script.language
    return {"model": visit.body["model"], "text": " ".join(pieces), "language": language, "segments": segments if timed else [], "usage": usage}


def _length(file: bytes) -> float:
    try:
        with wave.open(io.BytesIO(file)) as wav:
            return float(wav.getnframes() / wav.getframerate())
    except (wave.Error, EOFError):
        raise bad_request("The audio file could not be read") from None
