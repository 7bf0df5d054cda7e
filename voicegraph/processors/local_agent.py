"""Answers without a model and without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from voicegraph.frames import Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.local.agent import Answer, SmallAgent
from voicegraph.processors._writing import Writing


class LocalAgent(Processor):
    """A few skills, enough to try a call: the time, the date, sums, counting, repeating, a long story to interrupt, and what it has said.

        agent: local_agent                      # takes no options

    It forgets everything but what was last heard of its answers.
    """

    virtual_time = True
    turns = In(Turn)
    playout = In(Playout, feedback=True, optional=True)
    reply = Out(ReplyText)
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._agent = SmallAgent()

    def remembered(self) -> Sequence[Any]:
        return [self._agent.last_heard] if self._agent.last_heard else []

    def remember(self, entries: Sequence[Any]) -> None:
        for text in entries:
            if not isinstance(text, str):
                raise ValueError("it remembers texts")
            self._agent.heard(text)

    async def on_turns(self, turn: Turn) -> None:
        now = datetime.now().astimezone()
        answer = Answer("say", turn.say) if turn.say is not None else self._agent.answer(turn.text, now, turn.why, turn.interrupted)
        self.events.send(Event(epoch=turn.epoch, kind="skill", data={"name": answer.skill}))
        writing = Writing(self.reply, turn)
        for word in re.findall(r"\s*\S+\s*", answer.text):  # one by one, as a model would write them
            if not await writing.write(word):
                return
        writing.finish()

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard):
            self._agent.heard(fact.text)
