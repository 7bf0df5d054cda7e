from __future__ import annotations

import io
import wave
from collections.abc import Callable
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import MistralError

from voicegraph.testing.mistral import Delays, MistralServer, Script

ClientOf = Callable[..., Mistral]
MODEL = "voxtral-mini-transcribe-3-0"


def wav(seconds: float) -> Any:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(bytes(round(2 * 16000 * seconds)))
    return {"file_name": "clip.wav", "content": file.getvalue()}


def server() -> MistralServer:
    return MistralServer(Script(utterances=["one two | three"]), Delays(file_transcription=0.0))


async def test_speakers_take_turns_over_the_length_of_the_file(client_of: ClientOf) -> None:
    async with server() as running:
        answer = await client_of(running.url).audio.transcriptions.complete_async(
            model=MODEL, file=wav(3.0), diarize=True, timestamp_granularities=["segment"]
        )
    assert (answer.text, answer.language) == ("one two three", "en")
    assert [(each.text, each.start, each.end, each.speaker_id) for each in answer.segments or []] == [
        ("one two", 0.0, 1.5, "speaker_1"),
        ("three", 1.5, 3.0, "speaker_2"),
    ]


@pytest.mark.parametrize(
    "options", [{"file": {"file_name": "a.wav", "content": b"no sound"}}, {"language": "en", "timestamp_granularities": ["segment"]}]
)
async def test_what_the_service_refuses_is_refused(client_of: ClientOf, options: dict[str, Any]) -> None:
    async with server() as running:
        with pytest.raises(MistralError):
            await client_of(running.url).audio.transcriptions.complete_async(**{"model": MODEL, "file": wav(1.0), **options})
