"""Answers without a model and without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from voicegraph.core.dialogue import Dialogue
from voicegraph.frames import Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.local.agent import Answer, SmallAgent
from voicegraph.processors._writing import Writing

REMEMBERED = 20
"""Exchanges, as many as other agents keep."""


class LocalAgent(Processor):
    """A few skills, enough to try a call: the time, the date, sums, counting, repeating, a long story to interrupt, and what it has said.

        agent: local_agent                      # takes no options

    It can say again what was last heard of its answers. The rest it keeps only for another agent that takes its place.
    """

    virtual_time = True
    turns = In(Turn)
    playout = In(Playout, feedback=True, optional=True)
    reply = Out(ReplyText)
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._agent = SmallAgent()
        self._dialogue = Dialogue("", REMEMBERED)

    def remembered(self) -> Sequence[Any]:
        return self._dialogue.entries()

    def remember(self, entries: Sequence[Any]) -> None:
        self._dialogue.recall(entries)
        for entry in entries:
            self._agent.heard(entry["agent"])

    async def on_turns(self, turn: Turn) -> None:
        now = datetime.now().astimezone()
        answer = Answer("say", turn.say) if turn.say is not None else self._agent.answer(turn.text, now, turn.why, turn.interrupted)
        if turn.epoch is not None:
            self._dialogue.ask(turn.epoch, turn.text, turn.why)
        self.events.send(Event(epoch=turn.epoch, kind="skill", data={"name": answer.skill}))
        writing = Writing(self.reply, turn)
        for word in re.findall(r"\s*\S+\s*", answer.text):  # one by one, as a model would write them
            if not await writing.write(word):
                return
        writing.finish()

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard):
            self._agent.heard(fact.text)
            self._dialogue.heard(fact.reply, fact.text, fact.samples, fact.finished)
