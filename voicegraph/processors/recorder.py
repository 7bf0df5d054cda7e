"""Records the call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import Field, field_validator

from voicegraph.audio.recordings import Recordings
from voicegraph.audio.resample import StreamResampler
from voicegraph.audio.wav import WavWriter
from voicegraph.core import rtvi
from voicegraph.core.stereo import Side, Stereo
from voicegraph.frames import Audio, CallerAudio, HeardAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Duration, Settings


class RecorderSettings(Settings):
    path: str = "recordings/{session}.wav"
    """A new file per call: `{session}` is the call's id, `{time}` when it began. Relative to where the server was started."""
    rate: int = Field(24000, ge=8000, le=48000)
    """Hz of the file."""
    download: Duration = Field(600.0, le=3600.0)
    """How long after the call its caller may still fetch the recording (the page offers it); 0: the recording is not for the caller."""

    @field_validator("path")
    @classmethod
    def _is_a_template(cls, path: str) -> str:
        try:
            names = {path.format(session=i, time=i) for i in "ab"}
        except (LookupError, ValueError, AttributeError):
            raise ValueError("path may contain {session} and {time}, and no other braces") from None
        if len(names) == 1:
            raise ValueError("each call needs a file of its own: put {session} or {time} into path")
        return path


class Recorder(Processor):
    """Writes a stereo WAV file of 16 bit: the caller on the left, the replies as they were heard on the right, at the same time as in the call.

        recorder:
          use: recorder
          path: "recordings/{session}.wav"      # quotes, because of the braces
          rate: 24000                           # Hz of the file
          download: 10min                       # so long after the call its caller may fetch it; 0: not at all

    It stands below the speaker, to hear the replies. A recording that fails (the disk is full) ends with a line in the log; the call goes on.
    """

    virtual_time = True
    observer = True
    settings: RecorderSettings
    caller = In(CallerAudio, optional=True)
    reply = In(HeardAudio, optional=True)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        began = f"{datetime.now().astimezone():%Y-%m-%dT%H%M%S}"
        path = self.settings.path.format(session=self.call.id, time=began)
        self._file = WavWriter(Path(path), self.settings.rate, channels=2)
        self._stereo = Stereo(self.settings.rate)
        self._resamplers: dict[Side, StreamResampler] = {}

    async def start(self) -> None:
        if self.settings.download:
            self.call.shared(Recordings).begin(self.call.id, self._file.path)
            self.call.line.tell(rtvi.server_message("recording", {"keep_s": self.settings.download}))

    def on_caller(self, audio: CallerAudio) -> None:
        self._take(0, audio, audio.t - audio.seconds)

    def on_reply(self, audio: HeardAudio) -> None:
        self._take(1, audio, audio.t)

    def _take(self, side: Side, audio: Audio, begins: float) -> None:
        if side not in self._resamplers:
            self._resamplers[side] = StreamResampler(audio.rate, self.settings.rate)
        pcm = self._resamplers[side].feed(audio.pcm)
        self._file.write(self._stereo.add(side, pcm, begins).tobytes())

    async def close(self) -> None:
        self._file.write(self._stereo.rest().tobytes())
        await self._file.close()
        if self.settings.download:
            self.call.shared(Recordings).end(self.call.id, self.settings.download)
