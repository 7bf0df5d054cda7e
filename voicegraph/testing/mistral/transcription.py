"""Realtime transcription: `GET /v1/audio/transcriptions/realtime?model=…`, a WebSocket."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.conversation import converse
from voicegraph.testing.mistral.encodings import ENCODINGS, decode
from voicegraph.testing.mistral.hearing import Hearing, settle
from voicegraph.testing.mistral.protocol import Complaint, Due
from voicegraph.testing.mistral.transcriber import Transcriber
from voicegraph.testing.mistral.visit import Visit

MOST_AUDIO = 262_144
"""Decoded bytes in one `input_audio.append`."""


async def transcription(visit: Visit) -> web.StreamResponse:
    """Serve one session."""
    return await converse(visit, TranscriptionSession(visit))


class TranscriptionSession:
    """The server's side of the protocol."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._hearing = Hearing(model=visit.request.query.get("model", "voxtral-mini-transcribe-realtime-3-0"))
        self._transcriber: Transcriber | None = None  # from the first audio on
        self._rest = b""  # the beginning of a sample
        self._unflushed = False
        self._handlers: dict[object, Callable[[Event], Iterable[Due]]] = {
            "session.update": self._update,
            "input_audio.append": self._append,
            "input_audio.flush": self._flush,
            "input_audio.end": self._end,
        }

    def greet(self) -> Event:
        return {"type": "session.created", "session": self._hearing.event(self._visit.name)}

    def receive(self, message: Event) -> Iterable[Due]:
        kind = message.get("type")
        if kind != "input_audio.append":  # which is logged without its audio
            self._visit.received(message)
        if kind not in self._handlers:
            raise Complaint(f"Unknown message type: {kind}")
        return self._handlers[kind](message)

    def _update(self, message: Event) -> list[Due]:
        if self._transcriber is not None:
            raise Complaint("The session cannot be updated after audio has started")
        self._hearing = settle(self._hearing, message.get("session") or {})
        return [Due({"type": "session.updated", "session": self._hearing.event(self._visit.name)})]

    def _append(self, message: Event) -> list[Due]:
        try:
            audio = base64.b64decode(message.get("audio", ""), validate=True)
        except (binascii.Error, TypeError):
            raise Complaint("input_audio.append: audio must be base64") from None
        if len(audio) > MOST_AUDIO:
            raise Complaint(f"input_audio.append: {len(audio)} bytes of audio are more than {MOST_AUDIO}")
        width = ENCODINGS[self._hearing.encoding]
        sound = self._rest + audio
        whole = len(sound) // width * width
        self._rest = sound[whole:]
        self._visit.received({"type": "input_audio.append"}, audio, whole // width)
        self._unflushed = True
        return self._ears().hear(decode(sound[:whole], self._hearing.encoding))

    def _flush(self, _: Event) -> list[Due]:
        self._unflushed = False
        return self._ears().flush()

    def _end(self, message: Event) -> list[Due]:
        return [*(self._flush(message) if self._unflushed else []), Due(goodbye=(1000, ""))]

    def _ears(self) -> Transcriber:
        if self._transcriber is None:
            visit = self._visit
            self._transcriber = Transcriber(self._hearing, visit.script, visit.delays, visit.faults, visit.turn)
        return self._transcriber
