"""Records the call."""

from __future__ import annotations

from pydantic import Field

from voicegraph.audio.recordings import Recordings
from voicegraph.audio.resample import StreamResampler
from voicegraph.audio.wav import WavWriter
from voicegraph.core import rtvi
from voicegraph.core.stereo import Side, Stereo
from voicegraph.frames import Audio, CallerAudio, HeardAudio
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Duration, Settings
from voicegraph.processors._files import CallPath, path_of


class RecorderSettings(Settings):
    path: CallPath = "recordings/{session}.wav"
    """A new file per call: `{session}` is the call's id, `{time}` when it began. Relative to where the server was started."""
    rate: int = Field(24000, ge=8000, le=48000)
    """Hz of the file."""
    download: Duration = Field(600.0, le=3600.0)
    """How long after the call its caller may still fetch the recording (the page offers it); 0: the recording is not for the caller."""


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
        self._file = WavWriter(path_of(self.settings.path, self.call.id), self.settings.rate, channels=2)
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
