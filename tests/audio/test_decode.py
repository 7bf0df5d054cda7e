"""Recordings as people have them, and files that are something else."""

from __future__ import annotations

import io
import wave
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from voicegraph.audio.decode import decode
from voicegraph.errors import UnfitReference

RATE = 24_000
FORMATS = [
    ("wav", "pcm_s16le"),
    ("wav", "pcm_f32le"),
    ("flac", "flac"),
    ("ogg", "libopus"),
    ("webm", "libopus"),
    ("mp3", "libmp3lame"),
    ("ipod", "aac"),
    ("adts", "aac"),
]


def encoded(container: str, codec: str, rate: int = 48_000, layout: str = "stereo", seconds: float = 4.0) -> bytes:
    """A tone of 440 Hz in such a file, by FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout)
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)
        channels = {"mono": 1, "stereo": 2}[layout]
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, channels)[np.newaxis], format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate, frame_size=stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(UnfitReference) as problem:
        decode(data, RATE)
    return str(problem.value)


@pytest.mark.parametrize(("container", "codec"), FORMATS)
def test_usual_formats_become_mono_at_one_rate(container: str, codec: str) -> None:
    pcm = decode(encoded(container, codec), RATE)
    assert pcm.dtype == np.dtype(np.int16)
    assert pcm.ndim == 1
    assert len(pcm) / RATE == pytest.approx(4.0, abs=0.1)
    inner = pcm[RATE : 3 * RATE].astype(np.float64)
    assert np.argmax(np.abs(np.fft.rfft(inner))) / 2 == pytest.approx(440, abs=1)


def test_a_telephone_recording_is_taken_too() -> None:
    assert len(decode(encoded("wav", "pcm_mulaw", rate=8000, layout="mono"), RATE)) == pytest.approx(4 * RATE, abs=100)


@pytest.mark.parametrize(
    "data", [b"", b"not a recording", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"\x00" * 5000], ids=["empty", "text", "cut off", "zeros"]
)
def test_what_is_no_recording_is_refused_in_plain_words(data: bytes) -> None:
    assert refused(data).startswith("This is no recording that can be read.")


def test_a_file_of_hours_is_not_read_to_its_end() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 1, 8000, 0, "NONE", ""))
        wav.writeframes(bytes(8000 * 130))
    assert "more than 2 min" in refused(file.getvalue())


def test_a_picture_has_no_sound() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream: Any = out.add_stream("mjpeg", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuvj420p"
        out.mux(stream.encode(av.VideoFrame(16, 16, "yuvj420p")))
        out.mux(stream.encode(None))
    assert "no sound" in refused(file.getvalue())


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"], ids=["hls", "concat"]
)
def test_a_file_cannot_make_the_server_open_another(playlist: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encoded("wav", "pcm_s16le"))
    for address in (str(secret), f"file:{secret}"):
        assert refused(playlist.format(address).encode()).startswith("This is no recording")


@pytest.mark.parametrize(
    ("container", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("webm", "libopus"), ("mp3", "libmp3lame"), ("ipod", "aac")]
)
def test_a_damaged_file_is_read_as_far_as_it_goes_or_refused(container: str, codec: str) -> None:
    random, whole = np.random.default_rng(7), encoded(container, codec, seconds=0.5)
    for _ in range(30):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), size=random.integers(1, 40)):
            damaged[place] = random.integers(0, 256)
        with suppress(UnfitReference):
            assert decode(bytes(damaged[: random.integers(1, len(whole))]), RATE).ndim == 1
