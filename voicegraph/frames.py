"""What flows through a graph.

A link is made by kind, and a kind is a class here. The caller's side and the reply's side are different kinds on purpose: whatever helps to
make a reply carries that reply's number (`epoch`), what the caller says never does, and a graph cannot loop one into the other by mistake.

Facts *about* a reply (`Playing`, `Heard`) name it in `reply` instead: they must outlive it.

Frames are frozen and their arrays read-only, because one frame goes to several listeners. Change one with `dataclasses.replace`, which keeps
the epoch. Times (`t`) are seconds of the event loop's clock; `pcm` is mono int16, shape (n,).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from voicegraph.core.kinds import Cue
from voicegraph.core.ledger import Mark as Mark
from voicegraph.core.ledger import Span as Span
from voicegraph.core.playout import PlayoutBuffer
from voicegraph.core.sound import Pcm as Pcm


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The root of all kinds. `epoch` is the number of the reply that this frame helps to make, None on the caller's side."""

    epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio(Frame):
    """Sound on either side; only for ports that take both (the resampler). `rate` in Hz."""

    pcm: Pcm
    rate: int

    def __post_init__(self) -> None:
        self.pcm.flags.writeable = False

    @property
    def seconds(self) -> float:
        return len(self.pcm) / self.rate


# --- the caller's side -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAudio(Audio):
    """Sound from the microphone. `t` is when its last sample arrived."""

    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech(Frame):
    """Speech started or stopped. `t` is when it really did: the detector's own delay is taken off."""

    on: bool
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(Frame):
    """What a speech-to-text node gives: `Words` and `TurnCue`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Transcript):
    """A snapshot of one segment. Segments count flushes or turn events; `text` is cumulative within its segment and never shrinks once final."""

    segment: int
    text: str
    final: bool
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCue(Transcript):
    """The model's own opinion on the turn: it began, is probably over (`eager`), goes on after all (`resume`), is over (`end`); `gone`: another model
    has taken its place, which may have none."""

    segment: int
    cue: Cue
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip(Audio):
    """What was said between two presses of a button, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSample(Audio):
    """The voice that replies are to have from now on: some seconds of somebody speaking. Empty: it is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption(Frame):
    """A snapshot of one line of captions: `settled` words that stay, then words that may still change (`ahead`). `final`: the line is over."""

    line: int
    settled: str
    ahead: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Frame):
    """Something that the caller did with a hand: one of the classes below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(Command):
    """Text written on the page. `interrupts`: stop the reply first. `audible` False: answer on the screen only."""

    text: str
    interrupts: bool = True
    audible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted(Command):
    """The microphone was switched off (`on` True) or on again."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk(Command):
    """Push to talk: the caller takes the floor by hand (`on`), or gives it; giving it alone is "send now"."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt(Command):
    """The caller pressed stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutDelay(Command):
    """How long sound takes from the client's network to the caller's ears, in seconds: its jitter buffer and its loudspeaker. No hand says this."""

    seconds: float


# --- the reply's side --------------------------------------------------------------------------------------------------------------

Why = Literal["words", "typed", "greeting", "reminder", "tool", "apology"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Frame):
    """The floor asks for a reply. `say`, when set, is to be spoken word for word instead of thinking. `interrupted`: the one before was cut short.

    `begun`: what another agent had written of the answer when it failed; the answer goes on from there."""

    text: str
    why: Why = "words"
    say: str | None = None
    language: str | None = None
    audible: bool = True
    interrupted: bool = False
    begun: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyText(Frame):
    """The next piece of a reply's text, in pieces of any size. `at` is the offset of its first character in the whole reply.

    `last` ends the reply (its text may be empty). `flush`: it ends a piece that can be spoken as it stands, so that a voice need not wait for what
    follows. `spoken` False: for the screen only; the voice passes it on as a span without sound. `language` (ISO 639-1): what it is in, where that is
    known."""

    text: str
    at: int
    last: bool = False
    flush: bool = False
    spoken: bool = True
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAudio(Audio):
    """Sound of a reply, as fast as it is made. Frames of one span follow each other; `ends` is set on the span's last one, `last` on the reply's.

    With `ends` or `last` the pcm may be empty."""

    span: Span | None = None
    marks: tuple[Mark, ...] = ()
    ends: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback(Frame):
    """Sent once, when the call starts: what the outgoing track is to pull."""

    source: PlayoutBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Playout(Frame):
    """How far the caller has heard: one of the facts below. `reply` is the number of the reply it speaks of."""

    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing(Playout):
    """The reply's first sample has left (`on`), or its last one has (not `on`: nothing of it is left to play)."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Playout):
    """More words of the reply have left; `text` is all of them."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starved(Playout):
    """The reply fell silent because its sound stopped coming, and has stayed so for longer than a caller waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Playout):
    """The end of a confirmed reply, exactly one for each. `text` is what the caller heard of it, text for the screen only included, and
    `samples` how much sound at `rate`.

    `finished`: to its end; else `why` says what cut it."""

    text: str
    samples: int
    rate: int
    finished: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend(Frame):
    """Late final words of the turn that this reply answers: the history takes `text` for what the caller said."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAudio(Audio):
    """Sound as it left for the caller, silence included. `t` is when it left."""

    t: float


# --- for screens and records -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Frame):
    """A fact for people: a state, a timing, a problem. Nothing in a call depends on it. `kind` in kebab-case, `data` JSON-ready."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
