"""Nothing unsafe gets to the agent."""

from __future__ import annotations

from dataclasses import replace

from voicegraph.frames import Amend, Event, Turn
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import in_language
from voicegraph.mistral.moderation import Guard, ModerationSettings


class ModerateTurns(Processor):
    """Has what the caller said checked before the agent gets it. A turn that is blocked goes on without its words: the agent says a sentence instead.

        guard_in:
          use: moderate_turns
          after: floor
          block: {jailbreaking: 0.4, pii: 0.8}  # a score from here on stops the turn
          say: I can't help with that.

    It works with any agent. Whoever wants to pass it by is told to take the turns from here.
    """

    settings: ModerationSettings
    turns = In(Turn, exclusive=True)
    amendments = In(Amend, optional=True)
    allowed = Out(Turn, name="turns")
    amended = Out(Amend, name="amendments")
    events = Out(Event)

    async def start(self) -> None:
        self.guard = await Guard.open(self.settings.client(self.place), self.settings, self.name)

    async def on_turns(self, turn: Turn) -> None:
        if turn.say is None and (objections := await self._objections(turn.text)):
            self.events.send(Event(epoch=turn.epoch, kind="moderation", data={"side": "caller", "blocked": objections}))
            turn = replace(turn, text="", say=in_language(self.settings.say, turn.language))
        self.allowed.send(turn)

    async def on_amendments(self, late: Amend) -> None:
        if not await self._objections(late.text):
            self.amended.send(late)

    async def _objections(self, text: str) -> tuple[str, ...]:
        return await self.guard.objections("user", text) if text.strip() else ()
