"""Whatever happens in whatever order: the floor's decisions can be carried out, it comes to rest, and no word is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.turns import Amended, Ask, Begin, Confirm, Decision, Drop, SetGate, Turns
from voicegraph.core.words import Segment

FACTS = st.lists(
    st.tuples(
        st.sampled_from("on off words final cough cue type polite greet stop sounding drained muted".split()),
        st.floats(0.0, 3.0),
        st.integers(-1, 1),
    ),
    max_size=40,
)


class Model:
    """Carries decisions out as the engine does, and refuses what it would refuse."""

    def __init__(self, cues: bool) -> None:
        self.turns, self.now, self.cues = Turns(), 100.0, cues
        self.live, self.confirmed, self.sounding, self.owed = False, False, False, False
        self.segment, self.typed, self.said = 0, 0, set[str]()
        self.ask: Ask | None = None
        self.answered: list[str] = []

    def carry_out(self, decisions: list[Decision]) -> None:
        assert len(decisions) < 20
        for decision in decisions:
            match decision:
                case Begin(ask):
                    assert not self.live
                    assert not self.owed, "the former reply is not settled"
                    self.live, self.confirmed, self.sounding, self.ask = True, False, False, ask
                case Confirm():
                    assert self.live
                    assert not self.confirmed
                    self.confirmed = True
                case Drop():
                    assert self.live
                    self.live, self.owed = False, self.confirmed
                case SetGate():
                    assert self.live
                    assert self.confirmed
                case Amended():
                    pass

    def wait(self, seconds: float) -> None:
        """Time passes; the timer ticks, and what a dropped reply owes arrives."""
        end = self.now + seconds
        for _ in range(200):
            if self.owed:
                self.owed = False
                self.carry_out(self.turns.settled(self.now, self.sounding))
            deadline = self.turns.deadline()
            if deadline is None or deadline > end:
                break
            assert deadline >= self.now - 1e-9, "a deadline in the past would make the timer spin"
            self.now = max(self.now, deadline)
            self.carry_out(self.turns.tick(self.now))
        else:
            raise AssertionError("it never comes to rest")
        self.now = end

    def fact(self, fact: str, back: int) -> list[Decision]:
        """Something happens, unless it cannot happen now. `back`: to which segment words belong, and which cue it is."""
        turns, now = self.turns, self.now
        match fact:
            case "on" | "off":
                return [] if self.cues else turns.speech(now, fact == "on", now - 0.05)
            case "words" | "final" | "cough":
                return self.hear(fact, max(self.segment + back, 0))
            case "cue":
                return turns.cue(now, self.segment, ("start", "eager", "end")[back + 1], now) if self.cues else []
            case "type" | "polite":
                self.typed += 1
                return turns.ask(now, Ask(f"typed{self.typed}", why="typed"), interrupts=fact == "type")
            case "sounding" | "drained":
                return self.play(fact)
            case "stop":
                return turns.stop(now, "stopped")
            case "muted":
                return turns.muted(now)
        return turns.ask(now, Ask("", why="greeting", say="Hello!"))

    def hear(self, fact: str, segment: int) -> list[Decision]:
        if fact == "cough":
            self.segment += 4
            return self.turns.words(self.now, Segment(self.segment - 2, "", True, None))
        self.said.add(f"word{segment}")
        self.segment += fact == "final"
        return self.turns.words(self.now, Segment(segment, f"word{segment}", fact == "final", None))

    def play(self, fact: str) -> list[Decision]:
        if fact == "sounding" and self.live and self.confirmed and not self.sounding:
            self.sounding = True
            self.answered.append(self.ask.text if self.ask else "")
            return self.turns.sounding(self.now)
        if fact == "drained" and self.live and self.sounding:
            return self.turns.drained(self.now)
        return []


@given(FACTS, st.booleans())
def test_decisions_are_always_legal_and_no_word_is_lost(facts: list[tuple[str, float, int]], cues: bool) -> None:
    model = Model(cues)
    for fact, seconds, back in facts:
        model.wait(seconds)
        model.carry_out(model.fact(fact, back))
    model.wait(0.0)
    model.segment += 2
    last = model.segment
    model.carry_out(model.turns.muted(model.now))
    model.carry_out(model.turns.words(model.now, Segment(last, "goodbye", True, None)))
    if cues:
        model.carry_out(model.turns.cue(model.now, last, "end", model.now))
    for _ in range(model.typed + 60):  # from here on every reply is spoken to its end
        model.wait(3.0)
        model.carry_out(model.fact("sounding", 0))
        model.wait(0.1)
        model.carry_out(model.fact("drained", 0))
    model.wait(0.0)
    answered = " ".join(model.answered).split()
    assert not model.live
    assert model.turns.quiet()
    assert model.said | {"goodbye"} <= set(answered), "every word that was said is answered"
