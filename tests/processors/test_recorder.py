import wave
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from voicegraph.core.sound import Pcm
from voicegraph.frames import CallerAudio, HeardAudio
from voicegraph.processors.recorder import Recorder, RecorderSettings
from voicegraph.testing.runner import OneNode

RATES = {"caller": 16000, "reply": 24000}


def tone(rate: int, hz: float, seconds: float = 0.02) -> Pcm:
    return (8000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def read(path: Path) -> tuple[int, Pcm, Pcm]:
    with wave.open(str(path)) as wav:
        frames: Pcm = np.frombuffer(wav.readframes(wav.getnframes()), np.int16).reshape(-1, 2)
        return wav.getframerate(), frames[:, 0], frames[:, 1]


def first_sound(pcm: Pcm, rate: int) -> float:
    return float(np.flatnonzero(np.abs(pcm) > 500)[0]) / rate


async def test_the_caller_is_left_and_the_reply_is_right_at_their_times(tmp_path: Path) -> None:
    async with OneNode(Recorder, {"path": f"{tmp_path}/calls/{{session}}.wav"}, rates=RATES) as node:
        for i in range(100):
            node.give("reply", HeardAudio(pcm=tone(24000, 400) * (i >= 50), rate=24000, t=10 + 0.02 * i))
            node.give("caller", CallerAudio(pcm=tone(16000, 400) * (i >= 20), rate=16000, t=10 + 0.02 * (i + 1)))
    rate, left, right = read(tmp_path / "calls" / "test.wav")
    assert rate == 24000
    assert len(left) == pytest.approx(2 * rate, abs=50)
    assert first_sound(left, rate) == pytest.approx(0.4, abs=0.005)
    assert first_sound(right, rate) == pytest.approx(1.0, abs=0.005)


async def test_one_side_is_enough(tmp_path: Path) -> None:
    async with OneNode(Recorder, {"path": f"{tmp_path}/{{session}}.wav"}, rates=RATES, unlinked=["reply"]) as node:
        node.give("caller", CallerAudio(pcm=tone(16000, 400, 3.0), rate=16000, t=3.0))
    _, left, right = read(tmp_path / "test.wav")
    assert np.abs(left).max() > 7000
    assert not right.any()


async def test_a_recording_that_fails_does_not_hurt_the_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "test.wav").write_text("precious")
    async with OneNode(Recorder, {"path": f"{tmp_path}/{{session}}.wav"}, rates=RATES) as node:
        for i in range(200):
            node.give("caller", CallerAudio(pcm=tone(16000, 400), rate=16000, t=0.02 * i))
        assert node.failure is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize("path", ["call.wav", "{name}.wav", "{}.wav", "{session.x}", "{session", "{0}.wav"])
def test_paths_that_cannot_be_right(path: str) -> None:
    with pytest.raises(ValidationError):
        RecorderSettings(path=path)


def test_the_time_is_a_name_of_its_own() -> None:
    assert RecorderSettings(path="{time}.wav").path == "{time}.wav"
