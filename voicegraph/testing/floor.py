"""The pure floor with a clock: `core/turns.py` driven by a script of facts, for tables of who may speak when."""

from __future__ import annotations

from collections.abc import Callable

from voicegraph.core.kinds import Cue
from voicegraph.core.policy import Policy
from voicegraph.core.turns import Amended, Ask, Begin, Confirm, Decision, Drop, HangUp, SetGate, Turns
from voicegraph.core.words import Segment


class Floor:
    """Between facts, `tick` is called at its deadlines, as the timer of the real floor does. Every fact returns the floor, for the next.

    log: (seconds since the beginning, decision in words); asks: what each reply was asked; reasons: why it yielded, or did not."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.turns = Turns(policy)
        self.now = 100.0
        self.log: list[tuple[float, str]] = []
        self.asks: list[Ask] = []
        self.reasons: list[str] = []

    def to(self, seconds: float) -> Floor:
        """Let time pass, until so long after the beginning."""
        end = 100.0 + seconds
        while (deadline := self.turns.deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self._note(self.turns.tick(self.now))
        self.now = end
        return self

    def _note(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Begin(ask):
                    self.asks.append(ask)
                    note = f"begin {ask.say or ask.text}"
                case Confirm(why):
                    note = f"confirm {why}"
                case Drop(why, because):
                    self.reasons += [because] if because else []
                    note = f"drop {why}"
                case SetGate(gate, why):
                    self.reasons.append(why)
                    note = gate
                case Amended(text):
                    note = f"amend {text}"
                case HangUp():
                    note = "hang up"
            self.log.append((round(self.now - 100.0, 3), note))

    def do(self, fact: Callable[[float], list[Decision]]) -> Floor:
        self._note(fact(self.now))
        return self

    def on(self) -> Floor:
        return self.do(lambda now: self.turns.speech(now, True, now))

    def off(self, hangover: float = 0.0) -> Floor:
        return self.do(lambda now: self.turns.speech(now, False, now - hangover))

    def words(self, segment: int, text: str, final: bool = False) -> Floor:
        return self.do(lambda now: self.turns.words(now, Segment(segment, text, final, None)))

    def final(self, segment: int, text: str) -> Floor:
        return self.words(segment, text, True)

    def cue(self, segment: int, cue: Cue) -> Floor:
        return self.do(lambda now: self.turns.cue(now, segment, cue, now))

    def type(self, text: str, interrupts: bool = True) -> Floor:
        return self.do(lambda now: self.turns.ask(now, Ask(text, why="typed"), interrupts))

    def greet(self) -> Floor:
        return self.do(lambda now: self.turns.ask(now, Ask("", why="greeting", say="Hello!")))

    def stop(self, why: str = "stopped") -> Floor:
        return self.do(lambda now: self.turns.stop(now, why))

    def works(self, on: bool) -> Floor:
        return self.do(lambda now: self.turns.working(now, on))

    def sounds(self) -> Floor:
        return self.do(self.turns.sounding)

    def drains(self) -> Floor:
        return self.do(self.turns.drained)

    def heard(self, sounded: bool = True) -> Floor:
        return self.do(lambda now: self.turns.settled(now, sounded))

    def spoken(self, text: str) -> Floor:
        return self.do(lambda now: self.turns.progress(now, text))

    def talk(self, on: bool) -> Floor:
        return self.do(lambda now: self.turns.talk(now, on))

    def muted(self) -> Floor:
        return self.do(self.turns.muted)

    def since(self, seconds: float) -> list[tuple[float, str]]:
        """What was decided from then on."""
        return [entry for entry in self.log if entry[0] >= seconds]

    @property
    def notes(self) -> list[str]:
        return [note for _, note in self.log]
