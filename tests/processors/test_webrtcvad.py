import numpy as np
import pytest

from voicegraph.core.sound import Pcm
from voicegraph.frames import CallerAudio, Speech
from voicegraph.processors.webrtcvad import WebrtcVad
from voicegraph.testing.runner import OneNode
from voicegraph.testing.speech import silence, speak


async def edges(pcm: Pcm, rate: int = 16000, chunk: int = 320, **options: object) -> list[tuple[Speech, float]]:
    """What the node says while it hears `pcm` from t=0 on, and when."""
    found: list[tuple[Speech, float]] = []
    async with OneNode(WebrtcVad, options, rates={"audio": rate}) as node:
        for end in range(chunk, len(pcm) + 1, chunk):
            node.give("audio", CallerAudio(pcm=pcm[end - chunk : end].copy(), rate=rate, t=end / rate))
            found += [(speech, end / rate) for speech in node.sent("speech")[len(found) :]]
    return found


def between_silences(sound: Pcm, rate: int = 16000) -> Pcm:
    return np.concatenate((silence(0.5, rate), sound, silence(0.5, rate)))


@pytest.mark.parametrize("text", ["Stop.", "wait a minute", "hello"])
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
async def test_speech_is_reported_within_80_ms_and_dated_to_its_onset(text: str, rate: int) -> None:
    pcm = between_silences(speak(text, rate), rate)
    onset = float(np.flatnonzero(np.abs(pcm) > 200)[0]) / rate
    found = await edges(pcm, rate, chunk=rate // 50)
    first, known = found[0]
    assert first.on
    assert first.t == pytest.approx(onset, abs=0.03)
    assert known - onset <= 0.09


async def test_the_end_is_dated_to_the_last_sound() -> None:
    pcm = between_silences(speak("wait a minute"))
    (_, _), (last, known) = await edges(pcm)
    assert not last.on
    assert last.t == pytest.approx(float(np.flatnonzero(np.abs(pcm) > 200)[-1]) / 16000, abs=0.05)
    assert known - last.t == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("chunk", [37, 160, 441, 4000])
async def test_the_size_of_chunks_does_not_matter(chunk: int) -> None:
    pcm = between_silences(speak("wait a minute"))
    expected = [(speech.on, round(speech.t, 6)) for speech, _ in await edges(pcm)]
    assert [(speech.on, round(speech.t, 6)) for speech, _ in await edges(pcm, chunk=chunk)] == expected


async def test_what_is_below_the_floor_is_never_speech() -> None:
    quiet = (between_silences(speak("wait a minute")) // 50).astype(np.int16)
    assert await edges(quiet) == []
    assert await edges(quiet, floor="-90dB") != []


async def test_a_click_is_not_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 5000, 640).astype(np.int16)
    assert await edges(between_silences(noise)) == []


async def test_a_longer_start_reports_later() -> None:
    pcm = between_silences(speak("wait a minute"))
    (_, early), *_ = await edges(pcm)
    (_, late), *_ = await edges(pcm, start="120ms")
    assert late - early == pytest.approx(0.06, abs=0.021)
