from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from voicegraph.frames import Event, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class ModerateRepliesSettings(Settings):
    block: Mapping[str, float] = Field(default_factory=dict)
    say: str | None = None


class ModerateReplies(Processor):
    settings: ModerateRepliesSettings
    reply = In(ReplyText, exclusive=True)
    allowed = Out(ReplyText, name="reply")
    events = Out(Event)

    def on_reply(self, frame: ReplyText) -> None: ...
