"""Who has the floor: ends the caller's turns, and the agent's when the caller speaks over it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from voicegraph.core.stages import TurnEnd
from voicegraph.core.turns import TOO_SLOW, Amended, Ask, Begin, Confirm, Decision, Drop, HangUp, SetGate, Turns
from voicegraph.core.words import Segment
from voicegraph.frames import (
    Amend,
    Command,
    Event,
    Heard,
    Interrupt,
    Muted,
    Playing,
    Playout,
    PlayoutDelay,
    Progress,
    Speech,
    Starved,
    Talk,
    Transcript,
    Turn,
    TurnCue,
    Typed,
    Words,
)
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.processors._policy import InterruptionSettings

if TYPE_CHECKING:
    from voicegraph.graph.spec import NodeSpec, Position

MOST_WAITING = 10
"""Typed messages that wait for their answer; beyond, one is refused with a sentence."""

LIMIT = "first_token"
"""The option in which agents have how long a model may be silent before its answer."""


class Interruption(Processor):
    """Decides when the caller's turn is over and the agent may answer, and stops the agent when the caller speaks over it.

        floor: {use: interruption, preset: balanced, welcome: "Hello!"}

    It hears the voice detector, the transcript and the caller's buttons from above, and from below how far the reply has been heard. All decisions
    are `core/turns.py`; this file carries them out.
    """

    virtual_time = True
    owns_floor = True
    settings: InterruptionSettings
    commands = In(Command, optional=True)
    speech = In(Speech, optional=True)
    words = In(Transcript)
    playout = In(Playout, feedback=True)
    turns = Out(Turn)
    events = Out(Event)
    amendments = Out(Amend)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._turns = Turns(self.settings.policy())
        self._epoch: int | None = None
        self._asked: Ask | None = None
        self._answer: int | None = None
        """The last reply to spoken words that has sounded: what late words amend."""
        self._timer: asyncio.TimerHandle | None = None
        self._end = TurnEnd("", None, 0.0, 0)
        self._delay: float | None = None
        """Seconds from the client's network to the caller's ears, where the client tells."""

    async def run(self) -> None:
        now, welcome = self.call.now(), self.settings.welcome if not self.call.resumed else None
        self._carry_out(self._turns.tick(now) if welcome is None else self._turns.ask(now, Ask("", why="greeting", say=welcome)))

    # --- facts from above ------------------------------------------------------------------------------------------------------

    def on_speech(self, speech: Speech) -> None:
        self._event("user-started-speaking" if speech.on else "user-stopped-speaking")
        self._carry_out(self._turns.speech(self.call.now(), speech.on, speech.t))

    def on_words(self, transcript: Transcript) -> None:
        now = self.call.now()
        match transcript:
            case Words():
                segment = Segment(transcript.segment, transcript.text, transcript.final, transcript.language)
                self._carry_out(self._turns.words(now, segment))
            case TurnCue():
                self._carry_out(self._turns.cue(now, transcript.segment, transcript.cue, transcript.t))

    def on_commands(self, command: Command) -> None:
        now = self.call.now()
        match command:
            case Typed() if self._turns.waiting >= MOST_WAITING:
                self._problem(f"{MOST_WAITING} messages wait for an answer already: please send this one again later.")
            case Typed():
                ask = Ask(command.text, why="typed", audible=command.audible)
                self._carry_out(self._turns.ask(now, ask, interrupts=command.interrupts))
            case Muted(on=True):
                self._carry_out(self._turns.muted(now))
            case Talk():
                self._carry_out(self._turns.talk(now, command.on))
            case PlayoutDelay():
                self._delay = command.seconds
                self._turns.playout_delay(command.seconds)
            case Interrupt():
                self._carry_out(self._turns.stop(now, "stopped"))

    # --- facts from below ------------------------------------------------------------------------------------------------------

    def on_playout(self, fact: Playout) -> None:
        now = self.call.now()
        match fact:
            case Heard():
                self._note_answer(fact.reply, sounded=fact.samples > 0)
                self.call.replies.settle(fact.reply)
                self._carry_out(self._turns.settled(now, sounded=fact.samples > 0))
            case _ if fact.reply != self._epoch:
                pass  # of a reply that was dropped while the fact was on its way
            case Playing(on=True):
                self._note_answer(fact.reply, sounded=True)
                self._event("turn", reply=fact.reply, **self._end.report(self.call.replies.firsts, now, self._delay))
                self._carry_out(self._turns.sounding(now))
            case Playing(on=False):
                self._note_answer(fact.reply, sounded=True)
                self._carry_out(self._turns.drained(now))
            case Progress():
                self._carry_out(self._turns.progress(now, fact.text))
            case Starved() if not self.call.replies.busy:
                self._problem("The voice stopped in the middle of the answer.")
                self._carry_out(self._turns.stop(now, "starved"))

    def _note_answer(self, reply: int, sounded: bool) -> None:
        if sounded and self._asked is not None and self._asked.why == "words":
            self._answer = reply

    def committed(self) -> None:
        if self._epoch is not None:
            self._note_answer(self._epoch, sounded=True)
        self._carry_out(self._turns.committed(self.call.now()))

    def working(self, on: bool) -> None:
        self._carry_out(self._turns.working(self.call.now(), on))

    def failed(self, sentence: str) -> None:
        self._problem(sentence)
        self._carry_out(self._turns.stop(self.call.now(), "failed"))

    # --- carrying out ----------------------------------------------------------------------------------------------------------

    def _carry_out(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            self._do(decision)
        self._set_timer()

    def _do(self, decision: Decision) -> None:
        match decision:
            case Begin(ask):
                self._asked = ask
                self._epoch = self.call.replies.begin()
                self.turns.send(_turn(ask, self._epoch))
            case Confirm(why, ended, speculations):
                self._end = TurnEnd(why, ended, self.call.now(), speculations)
                if self._asked is not None and self._asked.text:
                    self._event("user-llm-text", text=self._asked.text)
                self.call.replies.confirm()
            case Drop(why, because):
                self._drop(why, because)
            case SetGate(gate, why):
                self._event("yielding", reply=self._epoch, step=gate, why=why)
                self.call.replies.gate(gate)
            case HangUp():
                self.call.end("The call ended because nobody said anything for a while.")
            case Amended(text):
                if self._answer is not None:
                    self.amendments.send(Amend(reply=self._answer, text=text))

    def _drop(self, why: str, because: str) -> None:
        if why == TOO_SLOW:
            self._problem("The answer took too long.")
        if because:
            self._event("yielding", reply=self._epoch, step="over", why=because)
        self._epoch = None
        self.call.replies.drop(why)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._turns.deadline()
        self._timer = None if deadline is None else asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        try:
            self._carry_out(self._turns.tick(self.call.now()))
        except Exception as problem:  # noqa: BLE001  # a timer's callback, where nobody else would see it
            self.call.fail(problem, self)

    def _event(self, kind: str, **data: object) -> None:
        self.events.send(Event(kind=kind, data=data))

    def _problem(self, sentence: str) -> None:
        self._event("error", error=sentence, message=sentence, fatal=False)

    @classmethod
    def notes(cls, node: NodeSpec, nodes: Sequence[NodeSpec]) -> Sequence[tuple[Position, str]]:
        assert isinstance(node.settings, InterruptionSettings)
        patience = node.settings.policy().thinking.patience
        return [
            (each.places[LIMIT], f"'{each.name}.{LIMIT}' is never reached: '{node.name}' gives a reply up after {patience:g} s (thinking.patience)")
            for other in nodes
            for each in other.choices
            if LIMIT in each.places and getattr(each.settings, LIMIT) > patience
        ]

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _turn(ask: Ask, epoch: int) -> Turn:
    return Turn(epoch=epoch, text=ask.text, why=ask.why, say=ask.say, language=ask.language, audible=ask.audible, interrupted=ask.interrupted)
