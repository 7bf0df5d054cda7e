"""The playout: the sound of the reply that is on its way to the caller, pulled on the RTP clock.

It has one owner, the `jitter_buffer`, and one reader, the outgoing track. It can be ducked, paused and resumed without losing a sample, cut
within one packet, and it says what the caller has heard. It knows samples, not time: its clock is how much has been pulled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voicegraph.core.kinds import Gate
from voicegraph.core.ledger import Ledger, Mark, Span
from voicegraph.core.sound import Pcm

FADE = 0.01
"""Seconds over which the gain changes: long enough not to click, short enough to be gone within a packet."""
STREAM_SLACK = 0.2
"""Seconds beyond the cushion that a stream without replies (echo) may lag before it skips ahead."""

AUDIBLE = 100
"""A sample beyond this (-50 dB of full scale) is sound: what is quieter speaks no word."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reply ended at the caller. `samples` of it have left at the playout's rate; `finished`: all of them."""

    reply: int
    text: str
    samples: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a pull made true of the reply.

    started: its first sample has left. reached: more of its words have, `text` is all of them. drained: its last sample has left.
    starved: it has been silent for `patience` because its sound stopped coming.
    """

    kind: Literal["started", "reached", "drained", "starved"]
    reply: int
    text: str = ""


class PlayoutBuffer:
    """rate: Hz. cushion: seconds of sound to gather before a reply starts, and after it ran dry. ahead: seconds of sound that it wants to hold at
    most (`free`). duck: gain while ducked, 0 to 1. patience: seconds of running dry after which the reply counts as starved."""

    def __init__(self, rate: int, *, cushion: float = 0.06, ahead: float = 20.0, duck: float = 0.25, patience: float = 2.0) -> None:
        self.rate = rate
        self.underruns = 0
        self.reply: int | None = None
        self.on_sound: Callable[[], None] = _nothing
        """Called at each push: it may not be `asleep` any more."""
        self._cushion = round(cushion * rate)
        self._ahead = ahead
        self._duck = duck
        self._patience = round(patience * rate)
        self._step = 1.0 / max(round(FADE * rate), 1)
        self._tail: Pcm = np.zeros(0, np.int16)
        self._gain = self._target = 1.0
        self._forget()

    def _forget(self) -> None:
        self._chunks: deque[Pcm] = deque()
        self._buffered = 0
        self._played = 0
        self._dry = 0
        self._ledger = Ledger(self.rate)
        self._reached = ""
        self._last = self._drained = False
        self._filling = True
        self._gain = self._target

    # --- writing ---------------------------------------------------------------------------------------------------------------

    def push(self, reply: int | None, pcm: Pcm, span: Span | None = None, marks: Sequence[Mark] = (), ends: bool = False, last: bool = False) -> None:
        """More sound of a reply (None: of a stream without replies). `ends`: of its span there is no more; `last`: of the reply there is none."""
        if reply != self.reply:
            self._forget()
            self.reply = reply
        if len(pcm):
            self._chunks.append(pcm)
            self._buffered += len(pcm)
        if reply is None:
            self._skip_ahead()
        else:
            self._ledger.append(len(pcm), span, marks, ends, _voiced(pcm))
            if last:
                self._ledger.finish()
        self._last = self._last or last
        self.on_sound()

    def free(self) -> float:
        """Seconds of sound that it would still like to have; 0 or less when senders should wait."""
        return self._ahead - self._buffered / self.rate

    def gate(self, gate: Gate) -> None:
        """Fade to full, to quiet, or to silence in which nothing is lost: opened again, it goes on from the next sample."""
        self._target = {"open": 1.0, "ducked": self._duck, "paused": 0.0}[gate]
        if not self._played or self._filling or not self._buffered:
            self._gain = self._target  # there is nothing to fade

    def cut(self) -> Outcome | None:
        """The reply is over. How it ended, or None when none of it ever came here; what was to follow is gone but for a fade."""
        if self.reply is None:
            return None
        outcome = Outcome(self.reply, self._ledger.heard(self._played), self._played, finished=self._drained)
        if self._played and self._gain and not self._filling:
            self._tail, _ = self._faded(self._take(round(self._gain / self._step)), target=0.0)
        self._forget()
        self.reply = None
        return outcome

    # --- reading ---------------------------------------------------------------------------------------------------------------

    def pull(self, n: int) -> tuple[Pcm, list[Fact]]:
        """The next n samples for the caller, and what has become true with them. Silence where there is nothing to play."""
        out = np.zeros(n, np.int16)
        at = min(n, len(self._tail))
        if at:
            out[:at], self._tail = self._tail[:at], self._tail[at:]
        paused = self._target == 0.0 and self._gain == 0.0
        if paused or not self._ready():
            facts = self._count_dry(n - at) if not paused else []
            return out, facts + self._ended()
        piece = self._play(n - at)
        out[at : at + len(piece)] = piece
        return out, self._facts(len(piece)) + self._ended()

    @property
    def asleep(self) -> bool:
        """Whether every pull would give silence and no facts until `on_sound`."""
        return not self._buffered and not len(self._tail) and (self.reply is None or self._drained)

    def _ready(self) -> bool:
        """Whether there is sound to play, after the cushion has filled."""
        if self._filling and (self._last or self._buffered >= max(self._cushion, 1)):
            self._filling = False
        if not self._filling and not self._buffered and not self._last:
            self._filling = True
            self.underruns += 1
        return not self._filling and self._buffered > 0

    def _play(self, n: int) -> Pcm:
        if self._gain == self._target == 1.0:
            return self._take(n)
        if self._target == 0.0:  # nothing is taken beyond the fade, so that nothing is lost
            n = min(n, round(self._gain / self._step))
        piece, self._gain = self._faded(self._take(n), self._target)
        return piece

    def _faded(self, pcm: Pcm, target: float) -> tuple[Pcm, float]:
        """`pcm` with the gain moving from where it is to the target, and the gain at its end."""
        direction = self._step if target > self._gain else -self._step
        gains = self._gain + direction * np.arange(1, len(pcm) + 1)
        gains = np.minimum(gains, target) if direction > 0 else np.maximum(gains, target)
        reached = target if len(pcm) >= round(abs(target - self._gain) / self._step) else float(gains[-1]) if len(pcm) else self._gain
        return (pcm * gains).astype(np.int16), reached

    def _take(self, n: int) -> Pcm:
        """Up to n samples off the front."""
        pieces = []
        wanted = n
        while wanted and self._chunks:
            chunk = self._chunks.popleft()
            if len(chunk) > wanted:
                self._chunks.appendleft(chunk[wanted:])
                chunk = chunk[:wanted]
            pieces.append(chunk)
            wanted -= len(chunk)
        self._buffered -= n - wanted
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def _facts(self, played: int) -> list[Fact]:
        if self.reply is None or not played:
            return []
        facts = [] if self._played else [Fact("started", self.reply)]
        self._played += played
        self._dry = 0
        heard = self._ledger.heard(self._played).rstrip()
        if len(heard) > len(self._reached):  # what is guessed of a piece that is still being made may turn out to have been too much
            self._reached = heard
            facts.append(Fact("reached", self.reply, heard))
        return facts

    def _ended(self) -> list[Fact]:
        if self.reply is None or self._drained or not self._last or self._buffered:
            return []
        self._drained = True
        return [Fact("drained", self.reply, self._ledger.heard(self._played))]

    def _count_dry(self, n: int) -> list[Fact]:
        """Silence that nobody asked for, after the reply had begun to sound."""
        if self.reply is None or not self._played or self._last:
            return []
        before, self._dry = self._dry, self._dry + n
        return [Fact("starved", self.reply)] if before < self._patience <= self._dry else []

    def _skip_ahead(self) -> None:
        slack = self._cushion + round(STREAM_SLACK * self.rate)
        if self._buffered > slack:
            self._take(self._buffered - self._cushion)


def _nothing() -> None:
    """Nobody sleeps."""


def _voiced(pcm: Pcm) -> int:
    """How many samples until the last that can be heard."""
    loud = np.flatnonzero((pcm > AUDIBLE) | (pcm < -AUDIBLE))
    return int(loud[-1]) + 1 if loud.size else 0
