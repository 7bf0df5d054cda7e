"""What agents have in common that remember the conversation, and of their answers what the caller heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voicegraph.core.dialogue import Dialogue
from voicegraph.frames import Amend, Event, Heard, Playout, ReplyText, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor


class RememberingAgent(Processor):
    """The base of such agents: they make `dialogue`, and answer in `on_turns`. `entered` and `amended` tell those that keep more than that."""

    turns = In(Turn)
    amendments = In(Amend, optional=True)
    playout = In(Playout, feedback=True, optional=True)
    reply = Out(ReplyText)
    events = Out(Event)

    dialogue: Dialogue

    async def on_turns(self, turn: Turn) -> None:
        raise NotImplementedError

    def remembered(self) -> Sequence[Any]:
        return self.dialogue.entries()

    def remember(self, entries: Sequence[Any]) -> None:
        self.dialogue.recall(entries)

    def on_playout(self, fact: Playout) -> None:
        if isinstance(fact, Heard) and self.dialogue.heard(fact.reply, fact.text, fact.samples, fact.finished):
            self.entered(fact)

    def on_amendments(self, late: Amend) -> None:
        if self.dialogue.amend(late.reply, late.text):
            self.amended(late.reply)

    def entered(self, heard: Heard) -> None:
        """The exchange with this reply has entered the dialogue."""

    def amended(self, reply: int) -> None:
        """What the caller said in the exchange with this reply has been put right in the dialogue."""

    def tell_latency(self, turn: Turn, asked: float) -> None:
        """The first text of the answer is there. asked: when it was asked for, in seconds of the call's clock."""
        ttfb = [{"processor": self.name, "value": round(self.call.now() - asked, 3)}]
        self.events.send(Event(epoch=turn.epoch, kind="metrics", data={"ttfb": ttfb}))
