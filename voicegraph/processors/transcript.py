"""Keeps what was said, in writing."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from voicegraph.frames import Heard, Playout, Transcript, Words
from voicegraph.graph.ports import In
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.settings import Settings
from voicegraph.processors._files import CallPath, path_of

log = logging.getLogger(__name__)


class TranscriptSettings(Settings):
    path: CallPath = "transcripts/{session}.jsonl"
    """A new file per call: `{session}` is the call's id, `{time}` when it began. Relative to where the server was started."""


class Disk:
    """The thread that writes for all calls of a process, so that a slow disk stops none of them."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "transcripts")

    async def close(self) -> None:
        await asyncio.to_thread(self.thread.shutdown)


class TranscriptRecord(Processor):
    """Writes a line of JSON for everything that was said to its end, and of the replies what was heard, or shown where that was all.

        record:
          use: transcript
          path: "transcripts/{session}.jsonl"   # quotes, because of the braces

    A line has `t`, `who` (caller or agent) and `text`; the caller's a `segment` (a second line of the same corrects the first), the agent's
    `finished`. A file that cannot be written is told once in the log; the call goes on.
    """

    virtual_time = True
    observer = True
    settings: TranscriptSettings
    caller = In(Transcript, optional=True)
    reply = In(Playout, optional=True)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._path = path_of(self.settings.path, self.call.id)
        self._failed = False

    async def on_caller(self, transcript: Transcript) -> None:
        if isinstance(transcript, Words) and transcript.final and transcript.text:
            await self._write({"who": "caller", "text": transcript.text, "segment": transcript.segment, "language": transcript.language})

    async def on_reply(self, fact: Playout) -> None:
        if isinstance(fact, Heard) and fact.text:
            await self._write({"who": "agent", "text": fact.text, "finished": fact.finished})

    async def _write(self, entry: dict[str, object]) -> None:
        line = json.dumps({"t": datetime.now().astimezone().isoformat(timespec="milliseconds"), **entry}, ensure_ascii=False)
        try:
            await asyncio.get_running_loop().run_in_executor(self.call.shared(Disk).thread, _append, self._path, line)
        except OSError as problem:
            if not self._failed:
                log.warning("the transcript %s is not written: %s", self._path, problem.strerror)
            self._failed = True


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
