"""WAV files: of a whole piece of sound, and written while a call goes on."""

from __future__ import annotations

import asyncio
import io
import logging
import struct
import wave
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from voicegraph.core.sound import Pcm

BATCH = 1 << 16
"""Bytes that are handed to the disk at once: a third of a second of stereo at 48 kHz."""
MOST_WAITING = 64
"""Batches that may wait for a slow disk; beyond, the recording ends."""

log = logging.getLogger(__name__)


def wav_bytes(pcm: Pcm, rate: int) -> bytes:
    """A file with this sound, for a service that takes no bare samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, rate, 0, "NONE", ""))
        wav.writeframes(pcm.tobytes())
    return file.getvalue()


class WavWriter:
    """A WAV file of 16 bit samples, written by a thread of its own, so that a slow disk stops nobody.

    path: a new file; its folders are made. A failure (no space, no permission, the file exists) ends the recording with one line in the log: what was
    written until then stays and can be played, as after a crash.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path = path
        self._format = (channels, 2, rate, 0, "NONE", "not compressed")
        self._thread = ThreadPoolExecutor(1, "wav")
        self._buffer = bytearray()
        self._waiting = 0
        self._stopped = False
        self._open: tuple[BinaryIO, wave.Wave_write] | None = None  # of the thread

    def write(self, samples: bytes) -> None:
        """More of the interleaved samples; returns at once."""
        if not self._stopped:
            self._buffer += samples
            if len(self._buffer) >= BATCH:
                self._hand_over()

    async def close(self) -> None:
        """Write the rest and close the file."""
        self._hand_over()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _hand_over(self) -> None:
        batch, self._buffer = bytes(self._buffer), bytearray()
        if self._waiting >= MOST_WAITING:
            self._stop("the disk is too slow")
        elif batch:
            self._waiting += 1
            asyncio.get_running_loop().run_in_executor(self._thread, self._append, batch).add_done_callback(self._written)

    def _written(self, done: asyncio.Future[str]) -> None:
        self._waiting -= 1
        if not done.cancelled() and done.result():
            self._stop(done.result())

    def _stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = True
            log.warning("the recording %s stops here: %s", self.path, reason)

    def _append(self, batch: bytes) -> str:
        """In the thread: write one batch; what went wrong, or nothing."""
        if self._stopped:
            return ""
        try:
            if self._open is None:
                self._open = self._create()
            file, wav = self._open
            wav.writeframes(batch)  # brings the header up to date each time
            file.flush()
        except OSError as problem:
            return problem.strerror or str(problem)
        except struct.error:
            return "a WAV file holds 4 GB at most"
        return ""

    def _create(self) -> tuple[BinaryIO, wave.Wave_write]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("xb")
        wav = wave.open(file, "wb")  # noqa: SIM115  # open for the whole call
        wav.setparams(self._format)
        return file, wav

    def _close(self) -> None:
        if self._open is None:
            return
        file, wav = self._open
        for each in (wav, file):
            with suppress(OSError, struct.error):  # the disk is full: that was told when it happened
                each.close()
