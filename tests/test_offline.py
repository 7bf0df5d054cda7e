"""The caller that is a WAV file."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from voicegraph.audio.resample import resample
from voicegraph.core import rtvi
from voicegraph.core.screen import Screen
from voicegraph.core.sound import Pcm
from voicegraph.offline import Transcript, WavError, WavLine, loud, read_wav
from voicegraph.testing.clock import run_virtual


def tone(rate: int, seconds: float) -> Pcm:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.int16)


class Answering:
    """Says 0.3 s of something a while after it has heard the first sound, in samples of 16 kHz."""

    def __init__(self, line: WavLine, pause: float) -> None:
        self.heard = 0.0
        self.at: float | None = None
        self._pause = pause
        self._now = 0.0
        line.listen(16_000, self._hear)
        line.play(8000, self._pull)

    def _hear(self, pcm: Pcm, t: float) -> None:
        self.heard += len(pcm) / 16_000
        if loud(pcm) and self.at is None:
            self.at = self._now + self._pause

    def _pull(self, n: int) -> Pcm:
        speaks = self.at is not None and self.at <= self._now < self.at + 0.3
        self._now += n / 8000
        return tone(8000, n / 8000) if speaks else np.zeros(n, np.int16)


def test_the_time_of_an_answer_counts_from_the_end_of_the_speech() -> None:
    line = WavLine(np.concatenate([tone(8000, 0.4), np.zeros(2000, np.int16)]), 8000)
    answering = Answering(line, pause=1.0)
    assert run_virtual(line.talk(patience=5.0))
    assert line.first_sound == pytest.approx(0.6, abs=0.021)
    assert answering.heard == pytest.approx(0.4 + 0.6 + 0.3 + 2.0, abs=0.05)


def test_without_an_answer_it_gives_up() -> None:
    line = WavLine(tone(8000, 0.2), 8000)
    answering = Answering(line, pause=60.0)
    assert not run_virtual(line.talk(patience=5.0))
    assert answering.heard == pytest.approx(5.2, abs=0.05)
    assert line.first_sound is None


def test_who_is_speaking_already_gives_no_time(tmp_path: Path) -> None:
    line = WavLine(tone(8000, 0.4), 8000)
    Answering(line, pause=0.2)
    assert run_virtual(line.talk(patience=5.0))
    assert line.first_sound is None


def test_what_was_heard_is_kept_from_the_first_moment(tmp_path: Path) -> None:
    line = WavLine(tone(8000, 0.1), 8000)
    Answering(line, pause=0.5)
    run_virtual(line.talk(patience=5.0))
    line.save(tmp_path / "reply.wav")
    pcm, rate = read_wav(tmp_path / "reply.wav")
    assert rate == 8000
    sounding = np.flatnonzero(np.abs(pcm.astype(int)) > 1000) / rate
    assert sounding[0] == pytest.approx(0.5, abs=0.021)
    assert sounding[-1] == pytest.approx(0.8, abs=0.021)


def test_the_transcript_has_what_was_said_and_what_was_heard() -> None:
    screen, transcript = Screen(), Transcript()
    told = [
        *screen.words(0, "What is", False, 0.0),
        *screen.words(0, "What is it?", True, 0.0),
        *screen.text(1, "It is sunny. And warm. And more.", last=True, spoken=True),
        *screen.progress(1, "It is sunny. And"),
        *screen.heard(1, "It is sunny. And", finished=False, why="interrupted"),
        *screen.text(2, "See above.", last=True, spoken=False),
        rtvi.error("The voice failed."),
    ]
    for message in told:
        transcript.add(message)
    assert transcript.lines == [("caller", "What is it?"), ("agent", "It is sunny."), ("agent", "And"), ("agent", "See above.")]
    assert transcript.problems == ["The voice failed."]


def test_late_final_words_take_the_place_of_the_earlier_ones() -> None:
    screen, transcript = Screen(), Transcript()
    for segment, text in ((0, "What is"), (1, "And then?"), (0, "What is it?")):
        for message in screen.words(segment, text, True, 0.0):
            transcript.add(message)
    assert transcript.lines == [("caller", "What is it?"), ("caller", "And then?")]


def test_stereo_is_mixed_down(tmp_path: Path) -> None:
    file = tmp_path / "stereo.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((2, 2, 8000, 0, "NONE", ""))
        sound.writeframes(np.array([[100, 300], [-100, -300]], "<i2").tobytes())
    pcm, rate = read_wav(file)
    assert (pcm.tolist(), rate) == ([200, -200], 8000)


def test_eight_bits_are_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "eight.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(100))
    with pytest.raises(WavError, match="8 bits per sample: 16 are needed"):
        read_wav(file)


@pytest.mark.parametrize("rate", [0, 1, 4_000_000_000])
def test_a_rate_that_no_speech_has_is_refused(rate: int, tmp_path: Path) -> None:
    file = tmp_path / "damaged.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(100))
    raw = file.read_bytes()
    file.write_bytes(raw[:24] + rate.to_bytes(4, "little") + raw[28:])
    with pytest.raises(WavError, match=f"has {rate} samples per second"):
        read_wav(file)


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(WavError, match="cannot be written"):
        WavLine(tone(8000, 0.1), 8000).save(tmp_path / "nowhere" / "reply.wav")


@pytest.mark.parametrize(("rate", "to"), [(16_000, 48_000), (44_100, 16_000), (8000, 8000)])
def test_resampling_keeps_length_and_loudness(rate: int, to: int) -> None:
    found = resample(tone(rate, 0.5), rate, to)
    assert len(found) == pytest.approx(to / 2, abs=50)
    assert np.abs(found.astype(int)).max() == pytest.approx(8000, rel=0.1)
