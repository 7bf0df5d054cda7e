import asyncio
import logging
import threading
import wave
from pathlib import Path

import pytest

from voicegraph.audio.wav import BATCH, MOST_WAITING, WavWriter


def read(path: Path) -> tuple[int, int, bytes]:
    with wave.open(str(path)) as wav:
        return wav.getframerate(), wav.getnchannels(), wav.readframes(wav.getnframes())


async def test_everything_that_was_written_is_in_the_file(tmp_path: Path) -> None:
    samples = bytes(range(256)) * (BATCH // 256 * 3 + 5)
    writer = WavWriter(tmp_path / "a" / "b" / "call.wav", 24000, 2)
    for at in range(0, len(samples), 3840):
        writer.write(samples[at : at + 3840])
    await writer.close()
    assert read(tmp_path / "a" / "b" / "call.wav") == (24000, 2, samples)


async def test_the_file_is_whole_before_it_is_closed(tmp_path: Path) -> None:
    """After a crash, what was written can be played."""
    writer = WavWriter(tmp_path / "call.wav", 24000, 2)
    writer.write(bytes(BATCH))
    await asyncio.get_running_loop().run_in_executor(writer._thread, str)
    assert read(tmp_path / "call.wav") == (24000, 2, bytes(BATCH))
    await writer.close()


async def test_nothing_written_makes_no_file(tmp_path: Path) -> None:
    await WavWriter(tmp_path / "call.wav", 24000, 2).close()
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240


async def test_a_file_that_exists_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "call.wav"
    path.write_text("precious")
    writer = WavWriter(path, 24000, 2)
    for _ in range(3):
        writer.write(bytes(BATCH))
    await writer.close()
    assert path.read_text() == "precious"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "File exists" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_a_full_disk_ends_the_recording_with_one_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    full = Path("/dev/full")
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode: opened(path, mode.replace("x", "w")))
    writer = WavWriter(full, 24000, 2)
    for _ in range(5):
        writer.write(bytes(BATCH))
    await writer.close()
    assert len(caplog.records) == 1
    assert "No space left" in caplog.text


async def test_a_disk_that_is_too_slow_ends_the_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    writer = WavWriter(tmp_path / "call.wav", 24000, 2)
    goes_on = threading.Event()
    writer._thread.submit(goes_on.wait)
    for _ in range(MOST_WAITING + 5):
        writer.write(bytes(BATCH))
    goes_on.set()
    await writer.close()
    assert len(caplog.records) == 1
    assert "too slow" in caplog.text
