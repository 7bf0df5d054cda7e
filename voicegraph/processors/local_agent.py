"""Answers without a model and without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import field_validator

from voicegraph.core.dialogue import Dialogue
from voicegraph.core.phrases import match
from voicegraph.core.toolcalls import ToolCall
from voicegraph.frames import Event, Heard, Turn
from voicegraph.graph.processor import Place
from voicegraph.local.agent import Answer, SmallAgent, without_politeness
from voicegraph.processors._remembering import RememberingAgent
from voicegraph.processors._tools import ToolUse
from voicegraph.processors._writing import Writing
from voicegraph.tools.settings import ToolSettings, ToolsSettings
from voicegraph.tools.toolbox import Toolbox, offers

REMEMBERED = 20
"""Exchanges, as many as other agents keep."""


class LocalAgentSettings(ToolsSettings):
    @field_validator("tools")
    @classmethod
    def _have_phrases(cls, tools: Mapping[str, ToolSettings]) -> Mapping[str, ToolSettings]:
        if silent := [name for name, tool in tools.items() if not tool.phrase]:
            raise ValueError(f"'{silent[0]}' would never be used: say in phrase: what the caller says for it, such as phrase: weather in {{town}}")
        return tools


class LocalAgent(RememberingAgent):
    """A few skills, enough to try a call: the time, the date, sums, counting, repeating, a long story to interrupt, and what it has said.

        agent:
          use: local_agent
          tools:                                # what it does besides, when it hears the phrase
            weather: {phrase: "weather in {town}", http: {url: "https://weather.example/{town}", method: GET}, about: The weather,
                      parameters: {properties: {town: {type: string}}}}

    It can say again what was last heard of its answers; the rest it keeps only for another agent that takes its place. What comes of a tool is
    spoken as it is.
    """

    virtual_time = True
    settings: LocalAgentSettings

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._agent = SmallAgent()
        self.dialogue = Dialogue("", REMEMBERED)
        self._toolbox = Toolbox(offers(self.settings.tools, self.call.shared))

    def remember(self, entries: Sequence[Any]) -> None:
        super().remember(entries)
        for entry in entries:
            self._agent.heard(entry["agent"])

    async def on_turns(self, turn: Turn) -> None:
        assert turn.epoch is not None, "the floor numbers every turn"
        self.dialogue.ask(turn.epoch, turn.text, turn.why, turn.interrupted)
        writing = Writing(self.reply, turn)
        if turn.say is None and (wanted := self._wanted(turn.text)):
            use = ToolUse(self._toolbox, turn, self.call, self.events, partial(self.dialogue.did, turn.epoch))
            (text,) = await use.run([wanted], writing)
        else:
            now = datetime.now().astimezone()
            answer = Answer("say", turn.say) if turn.say is not None else self._agent.answer(turn.text, now, turn.why, turn.interrupted)
            self.events.send(Event(epoch=turn.epoch, kind="skill", data={"name": answer.skill}))
            text = answer.text
        for word in re.findall(r"\s*\S+\s*", text):  # one by one, as a model would write them
            if not await writing.write(word):
                return
        writing.finish()

    def _wanted(self, text: str) -> ToolCall | None:
        """The first tool whose phrase was said."""
        asked = without_politeness(text)
        found = ((name, match(tool.phrase, asked)) for name, tool in self.settings.tools.items())
        return next((ToolCall(f"call_{name}", name, json.dumps(places)) for name, places in found if places is not None), None)

    def entered(self, heard: Heard) -> None:
        self._agent.heard(heard.text)
