"""One voice, heard twice: captions that are quick and become sure."""

from __future__ import annotations

from collections.abc import Iterable

from voicegraph.core.captions import Captions, Line
from voicegraph.frames import Caption, Transcript, Words
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor


class DualDelay(Processor):
    """Merges a quick and a sure transcript of the same sound: what the sure one has settled, then what the quick one is ahead.

        merge:
          use: dual_delay
          from: {fast: stt, slow: slow}         # two voxtral_stt with different target_streaming_delay

    `captions` is for screens, `settled` is a transcript of the sure words alone, for records.
    """

    virtual_time = True
    fast = In(Transcript)
    slow = In(Transcript)
    captions = Out(Caption)
    settled = Out(Transcript)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._merged = Captions()

    def on_fast(self, transcript: Transcript) -> None:
        if isinstance(transcript, Words):
            self._tell(self._merged.fast(transcript.segment, transcript.text))

    def on_slow(self, transcript: Transcript) -> None:
        if isinstance(transcript, Words):
            self._tell(self._merged.slow(transcript.segment, transcript.text, transcript.final))
        self.settled.send(transcript)

    def _tell(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.captions.send(Caption(line=line.number, settled=line.settled, ahead=line.ahead, final=line.final))
