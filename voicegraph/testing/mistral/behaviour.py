"""How the server behaves, as data: what it says (`Script`), when (`Delays`) and what goes wrong (`Faults`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

Endpoint = Literal["transcription", "chat", "speech", "realtime_speech", "moderation", "file_transcription", "conversations", "voices"]
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)

Event = dict[str, Any]
"""One message on the wire, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """When answers come. Seconds, except `speech_speed`."""

    final: float = 0.1
    """From a flush, or the end of a turn, to `transcription.done`."""
    eager_end: float = 0.2
    """Silence, on the audio's clock, that makes `turn.eager_end`. (`turn.end` follows the session's `min_silence_ms`.)"""
    per_word: float = 0.3
    """Speech that makes one more word of the scripted utterance."""
    first_token: float = 0.15
    """From a chat request to its first byte."""
    per_token: float = 0.01
    first_sound: float = 0.1
    """From a speech request, or a flush of text, to its first sound."""
    speech_speed: float = 10.0
    """How many seconds of sound are made in one second, after the first."""
    file_transcription: float = 0.1
    """From a file to its transcription."""
    search: float = 0.3
    """How long a conversation's web search takes."""
    moderation: float = 0.05
    """From a moderation request to its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the server says."""

    utterances: Sequence[str] | Callable[[int, int], str] = ("hello there", "what can you do", "tell me more about it", "thank you and goodbye")
    """What is heard: the n-th stretch of speech of a session gives the n-th utterance, and then they start over. Or a function of the stream's number
    (the server's first request is 0) and the stretch's number in it (from 0). `|` in an utterance is a pause of the caller: with turn detection, the
    words up to it are there at `turn.eager_end` and the next ones come after `turn.resume`; what is left at `turn.end` comes then."""
    language: str | None = "en"
    """Told once per session in `transcription.language`, before the first word. None: never."""
    held_words: int = 1
    """How many last words stay inside the model until a flush or the end of the turn. (The hosted one keeps one or two: client-python #357.)"""
    eager_complete: bool = True
    """At `turn.eager_end`, all words up to the pause have come."""
    done_after_turn_end: bool = True
    """Whether `transcription.done` follows `turn.end`. It is not known what the hosted server does: work with both."""
    replies: Sequence[str] | Callable[[list[dict[str, Any]]], str] = (
        "Hello! I am a scripted voice. How can I help you?",
        "I can listen, think for a moment, and answer.",
    )
    """What chat answers: the n-th request gets the n-th reply, and then they start over. Or a function of the request's messages."""
    calls: Callable[[list[dict[str, Any]]], Sequence[tuple[str, Mapping[str, Any]]]] = lambda _: ()
    """Which tools the model calls instead of answering, as name and arguments: a function of the messages, asked where a request has tools that may
    be called."""
    sources: Sequence[tuple[str, str]] = ()
    """Address and title of what a conversation finds in the web: where there are any, each answer is searched for first, and refers to them."""
    voices: frozenset[str] = frozenset({"gb_jane_neutral", "en_paul_neutral", "fr_marie_neutral"})
    """Any other voice is refused, but for those that have been saved."""
    clones: bool = True
    """Whether a `ref_audio` is taken; what is in it does not matter."""
    tone: float | Callable[[str], float] = 440.0
    """The frequency in Hz of the sine that stands for speech, or a function of the text, by which a test tells one text's sound from another's."""
    seconds_per_character: float = 0.06
    chunk_seconds: float = 0.08
    """Sound in one `speech.audio.delta`."""
    scores: Callable[[str], Mapping[str, float]] = lambda _: {}
    """What moderation thinks of a text: a score from 0 to 1 per category; of those that it leaves out, 0."""

    def utterance(self, stream: int, stretch: int) -> str:
        """The words of one stretch of speech."""
        return self.utterances(stream, stretch) if callable(self.utterances) else self.utterances[stretch % len(self.utterances)]

    def reply(self, request: int, messages: list[dict[str, Any]]) -> str:
        """The answer to one chat request; `request` counts the chat requests answered before it."""
        return self.replies(messages) if callable(self.replies) else self.replies[request % len(self.replies)]

    def frequency(self, text: str) -> float:
        """The frequency in Hz of the tone that speaks `text`."""
        return self.tone(text) if callable(self.tone) else self.tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong at one endpoint. Faults named `…_after` strike when that many events of a stream have been sent: 0 is before the first."""

    first: int | None = None
    """Only this many requests are struck, then the endpoint is well. None: all of them."""
    status: int | None = None
    """Answer with this HTTP error, in Mistral's shape, WebSocket handshakes too: 401 refuses the key, 429 limits the rate, 500 is a crash."""
    retry_after: float | None = None
    """The `Retry-After` header of that answer, in seconds."""
    late: float = 0.0
    """Seconds more before the first byte (after the handshake, for a WebSocket)."""
    noise: tuple[str, ...] = ()
    """Raw messages slipped into the stream: events of the future, missing keys, no JSON at all."""
    noise_after: int = 1
    error_after: int | None = None
    """An error event. An HTTP stream ends with it; a WebSocket goes on."""
    stall_after: int | None = None
    """No more events; the connection stays open. 0: never an answer."""
    close_after: int | None = None
    """The stream ends early: an HTTP body in good form but without its last events, a WebSocket with `close_code`."""
    close_code: int = 1011
    drop_after: int | None = None
    """The TCP connection is reset without a word."""
    ignore_close: bool = False
    """A WebSocket's close frame is never answered."""
    lost: frozenset[str] = frozenset()
    """Events of these types never come, as in `{"turn.end"}`."""
    done_lost_from: int | None = None
    """`transcription.done` never comes from this segment of a session on; 1 is the first (pipecat #4487)."""
    done_cumulative: bool = False
    """`transcription.done` holds the whole session's text, not the segment's (pipecat #4485)."""
    odd_chunks: bool = False
    """Deltas of sound end inside a sample."""


NO_FAULTS = Faults()

FaultPlan = Faults | Mapping[Endpoint, Faults]
"""The same faults everywhere, or each endpoint's own."""
