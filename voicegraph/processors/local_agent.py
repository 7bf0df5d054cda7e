"""Answers without a model and without a network."""

from __future__ import annotations

import re
from datetime import datetime

from voicegraph.frames import Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Place, Processor
from voicegraph.local.agent import Answer, SmallAgent


class LocalAgent(Processor):
    """A few skills, enough to try a call: the time, the date, sums, counting, repeating, a long story to interrupt, and what it has said.

        agent: local_agent                      # takes no options

    It forgets everything but what was last heard of its answers.
    """

    turns = In(Turn)
    playout = In(Playout, feedback=True, optional=True)
    reply = Out(ReplyText)
    events = Out(Event)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._agent = SmallAgent()

    async def on_turns(self, turn: Turn) -> None:
        now = datetime.now().astimezone()
        answer = Answer("say", turn.say) if turn.say is not None else self._agent.answer(turn.text, now, turn.why, turn.interrupted)
        self.events.send(Event(epoch=turn.epoch, kind="skill", data={"name": answer.skill}))
        words = re.findall(r"\s*\S+\s*", answer.text)
        at = 0
        for word in words:  # one by one, as a model would write them
            self.reply.send(ReplyText(text=word, at=at, spoken=turn.audible, epoch=turn.epoch))
            at += len(word)
            if not await self.reply.room(turn.epoch):
                return
        self.reply.send(ReplyText(text="", at=at, last=True, spoken=turn.audible, epoch=turn.epoch))

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard):
            self._agent.heard(fact.text)
