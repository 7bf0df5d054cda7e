"""What the caller's screen is told: facts of a call in, RTVI messages out.

The messages are those of RTVI 2.1 (docs.pipecat.ai, "RTVI standard"), so any RTVI client shows a call; what RTVI has no word for goes as
`server-message` with a `t` and a `d`, listed in docs/protocol.md.

A `bot-output` segment is a sentence of the reply. It is announced as `new`, follows the voice word by word as `in-progress`, and is `completed` only
when its last word has left: after an interruption its last `in-progress` says exactly what was heard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from voicegraph.core.rtvi import error, message, server_message

Message = dict[str, Any]
Messages = list[Message]

USER = "caller"
"""The `user_id` of every transcription: a call has one caller."""

_SENTENCE_END = re.compile(r"""[.!?…。！？]+["'”’»)\]]*(?=\s)|\n""")
"""For the eye a rough cut will do: a segment too many after "Dr." harms nobody."""

STANDARD = frozenset(
    (
        "user-started-speaking",
        "user-stopped-speaking",
        "user-mute-started",
        "user-mute-stopped",
        "user-llm-text",
        "metrics",
        "llm-function-call-started",
        "llm-function-call-in-progress",
        "llm-function-call-stopped",
    )
)
"""The kinds of event that have an RTVI message of their own name; their `data` is the message's."""


@dataclass(slots=True)
class _Segment:
    """One sentence: its characters [start, end) in the reply, and how many of them have been shown as spoken."""

    id: int
    text: str
    start: int
    spoken: bool
    shown: int = 0

    @property
    def done(self) -> bool:
        return self.shown == len(self.text)

    def output(self, status: str) -> Message:
        data: dict[str, Any] = {"text": self.text, "aggregated_by": "sentence", "segment_id": self.id, "will_be_spoken": self.spoken}
        if self.spoken:
            progress = {"accumulated_text": self.text[: self.shown], "remaining_text": self.text[self.shown :]}
            data |= {"spoken_status": status, "spoken_progress": progress}
        return message("bot-output", data)

    def reach(self, position: int) -> Messages:
        """The voice is at this character of the reply."""
        shown = min(max(position - self.start, 0), len(self.text))
        if not self.spoken or shown <= self.shown:
            return []
        self.shown = shown
        return [self.output("completed" if self.done else "in-progress")]


@dataclass(slots=True)
class _Reply:
    """One reply on the screen."""

    text: str = ""
    written: bool = False
    """Its text has ended, and the screen knows."""
    spoken: bool = False
    """Some of it is for the ear."""
    voice: bool = False
    """The voice is speaking it now."""
    position: int = 0
    """The character that the voice has reached."""
    cut: int = 0
    """Where the next segment begins."""
    segments: list[_Segment] = field(default_factory=list)


class Screen:
    """The state of one call's screen. Every method takes one fact and returns the messages that tell it, in order.

    Replies are known by their number. `now` is the wall clock, in seconds since 1970.
    """

    def __init__(self) -> None:
        self._replies: dict[int, _Reply] = {}
        self._segments = 0
        self._said: dict[int, tuple[str, bool]] = {}

    def words(self, segment: int, text: str, final: bool, now: float) -> Messages:
        """The transcript of one segment of the caller's speech, cumulative."""
        if not text or self._said.get(segment) in ((text, final), (text, True)):
            return []
        self._said = {segment: (text, final)}
        data = {"text": text, "final": final, "timestamp": timestamp(now), "user_id": USER, "segment": segment}
        return [message("user-transcription", data)]

    def text(self, number: int, text: str, last: bool, spoken: bool) -> Messages:
        """The next piece of a reply's text."""
        reply = self._replies.get(number)
        told: Messages = []
        if reply is None:
            reply = self._replies[number] = _Reply()
            told.append(message("bot-llm-started"))
        reply.text += text
        reply.spoken = reply.spoken or (spoken and bool(text))
        if text:
            told.append(message("bot-llm-text", {"text": text}))
        told += self._new_segments(reply, last, spoken)
        if last:
            told += _written(reply)
        return told

    def _new_segments(self, reply: _Reply, last: bool, spoken: bool) -> Messages:
        told: Messages = []
        ends = [match.end() for match in _SENTENCE_END.finditer(reply.text, reply.cut)]
        for end in [*ends, len(reply.text)] if last else ends:
            sentence = reply.text[reply.cut : end]
            start = reply.cut + len(sentence) - len(sentence.lstrip())
            reply.cut = end
            if sentence.strip():
                self._segments += 1
                segment = _Segment(self._segments, sentence.strip(), start, spoken)
                reply.segments.append(segment)
                told.append(segment.output("new"))
                told += segment.reach(reply.position)
        return told

    def playing(self, number: int, on: bool) -> Messages:
        """The reply's first sample has left, or its last one."""
        if not on:
            return _silent(self._replies.get(number, _Reply()))
        reply = self._replies.setdefault(number, _Reply())
        if reply.voice:
            return []
        reply.voice = True
        return [message("bot-tts-started"), message("bot-started-speaking")]

    def progress(self, number: int, spoken: str) -> Messages:
        """`spoken` is the text of the reply that has left so far, from its beginning."""
        reply = self._replies.get(number)
        return [] if reply is None else _reach(reply, spoken)

    def heard(self, number: int, heard: str, finished: bool, why: str) -> Messages:
        """The reply is over: its end, or what cut it, and what the caller heard of it."""
        reply = self._replies.pop(number, None)
        if reply is None:
            return []
        told = _written(reply) if reply.text else []
        if reply.spoken:
            told += _reach(reply, reply.text if finished else heard)
        if reply.position > reply.cut:  # cut in a sentence that the agent had not finished either
            told += self._new_segments(reply, last=True, spoken=True)
        told += _silent(reply)
        if not finished and (reply.spoken or not reply.written):
            told.append(server_message("bot-interrupted", {"reply": number, "heard": heard, "why": why}))
        return told

    def event(self, kind: str, data: Mapping[str, Any]) -> Messages:
        """A fact that some node tells to people."""
        if kind in STANDARD:
            return [message(kind, dict(data))]
        if kind == "error":
            return [error(str(data.get("error", "")), fatal=bool(data.get("fatal", False)))]
        if kind == "turn":
            return [*_metrics(data), server_message(kind, dict(data))]
        return [server_message(kind, dict(data))]


def timestamp(now: float) -> str:
    """ISO 8601, UTC, to the millisecond: `2026-11-21T09:30:00.250Z`."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _metrics(turn: Mapping[str, Any]) -> Messages:
    """How long the answer took, also in the form that RTVI clients draw: seconds to the first sound."""
    took = turn.get("speech_end_to_first_sound_ms")
    return [] if took is None else [message("metrics", {"ttfb": [{"processor": "call", "value": took / 1000}]})]


def _written(reply: _Reply) -> Messages:
    if reply.written:
        return []
    reply.written = True
    return [message("bot-llm-stopped")]


def _reach(reply: _Reply, spoken: str) -> Messages:
    """The voice has spoken these words, from the reply's beginning."""
    position = _position(reply.text, spoken)
    if position <= reply.position:
        return []
    fresh = reply.text[reply.position : position].strip()
    reply.position = position
    told = [message("bot-tts-text", {"text": fresh})] if fresh else []
    for segment in reply.segments:
        told += segment.reach(position)
    return told


def _position(text: str, spoken: str) -> int:
    """Where in `text` the spoken words end. A voice may have been given its pieces without the blanks between them."""
    if text.startswith(spoken):
        return len(spoken)
    left = sum(not letter.isspace() for letter in spoken)
    for index, letter in enumerate(text):
        left -= not letter.isspace()
        if left <= 0:
            return index + 1
    return len(text)


def _silent(reply: _Reply) -> Messages:
    if not reply.voice:
        return []
    reply.voice = False
    return [message("bot-tts-stopped"), message("bot-stopped-speaking")]
