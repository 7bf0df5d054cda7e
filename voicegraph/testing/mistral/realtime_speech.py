"""Realtime speech: `GET /v1/audio/speech/realtime?model=…`, a WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from voicegraph.testing.mistral.behaviour import Event
from voicegraph.testing.mistral.conversation import converse
from voicegraph.testing.mistral.protocol import Complaint, Due
from voicegraph.testing.mistral.visit import Visit
from voicegraph.testing.mistral.voice import FORMATS, generation
from voicegraph.testing.mistral.voices import SAVED


async def realtime_speech(visit: Visit) -> web.StreamResponse:
    """Serve one session."""
    return await converse(visit, RealtimeSpeechSession(visit))


class RealtimeSpeechSession:
    """The server's side of the protocol. Text waits for its flush; generations follow one after another, each with its `speech.audio.done`."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._settings: Event = {
            "voice": None,
            "is_ref_audio": False,
            "streaming_mode": "responsive",
            "response_format": "pcm",
            "expressiveness": 1.0,
        }
        self._text = ""
        self._handlers: dict[object, Callable[[Event], Iterable[Due]]] = {
            "session.update": self._update,
            "input_text.append": self._append,
            "input_text.flush": self._flush,
            "input_text.end": self._end,
        }

    def greet(self) -> Event:
        return {"type": "session.created", "session": self._session()}

    def receive(self, message: Event) -> Iterable[Due]:
        self._visit.received(message)
        kind = message.get("type")
        if kind not in self._handlers:
            raise Complaint(f"Unknown message type: {kind}")
        return self._handlers[kind](message)

    def _session(self) -> Event:
        model = self._visit.request.query.get("model", "voxtral-mini-tts-3-0")
        return {"request_id": self._visit.name, "model": model, **self._settings}

    def _update(self, message: Event) -> list[Due]:
        update = {name: value for name, value in (message.get("session") or {}).items() if value is not None}
        if "voice" in update and "ref_audio" in update:
            raise Complaint("voice and ref_audio are mutually exclusive")
        if update.get("response_format", "pcm") not in FORMATS:
            raise Complaint(f"This server makes pcm and wav only, not {update['response_format']}")
        if "voice" in update and update["voice"] not in {*self._visit.script.voices, *self._visit.request.app[SAVED]}:
            return [Due(goodbye=(1008, f"Voice not found: {update['voice']}"))]
        if "ref_audio" in update and not self._visit.script.clones:
            return [Due(goodbye=(1008, "The reference audio cannot be used"))]
        if "voice" in update or "ref_audio" in update:
            self._settings |= {"voice": update.get("voice"), "is_ref_audio": "ref_audio" in update}
        self._settings |= {name: update[name] for name in ("streaming_mode", "response_format", "expressiveness") if name in update}
        return [Due({"type": "session.updated", "session": self._session()})]

    def _append(self, message: Event) -> list[Due]:
        self._text += message.get("text") or ""
        return []

    def _flush(self, message: Event) -> Iterable[Due]:
        text, self._text = self._text + (message.get("text") or ""), ""
        return generation(text, self._settings["response_format"], self._visit.script, self._visit.delays, self._visit.faults)

    def _end(self, _: Event) -> list[Due]:
        return [*(self._flush({}) if self._text else []), Due(goodbye=(1000, ""))]
