"""Nothing unsafe is spoken or shown."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from voicegraph.core.sentences import Clauses, speakable
from voicegraph.frames import Event, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import in_language
from voicegraph.mistral.moderation import Guard, ModerationSettings


@dataclass(slots=True)
class _Reply:
    epoch: int | None
    clauses: Clauses = field(default_factory=Clauses)
    held: deque[ReplyText] = field(default_factory=deque)
    """What has not been let through yet."""
    checked: str = ""
    blocked: bool = False


class ModerateReplies(Processor):
    """Has what the agent writes checked before it is spoken or shown, a sentence at a time, each with all that stands before it. From the first
    sentence on that is blocked, another one takes the place of the rest.

        guard_out:
          use: moderate_replies
          after: agent
          block: {hate_and_discrimination: 0.3} # a score from here on stops the reply
          say: Let's talk about something else.

    The first sound waits for one check; the later ones are made while the earlier sentences are spoken.
    """

    settings: ModerationSettings
    reply = In(ReplyText, exclusive=True)
    allowed = Out(ReplyText, name="reply")
    events = Out(Event)

    current: _Reply | None = None

    async def start(self) -> None:
        self.guard = await Guard.open(self.settings.client(self.place), self.settings, self.name)

    async def on_reply(self, piece: ReplyText) -> None:
        reply = self.current
        if reply is None or reply.epoch != piece.epoch:
            reply = self.current = _Reply(piece.epoch)
        if reply.blocked:
            return
        reply.held.append(piece)
        for span in reply.clauses.feed(piece.text) + (reply.clauses.flush() if piece.last else []):
            reply.checked += span.text
            if speakable(span.text) and (objections := await self.guard.objections("assistant", reply.checked)):
                self._replace(reply, objections)
                return
            self._let_through(reply, span.at + len(span.text))
        if piece.last:
            self._let_through(reply, piece.at + len(piece.text) + 1)
            self.current = None

    def _let_through(self, reply: _Reply, end: int) -> None:
        """What is held of the reply up to its `end`-th character: a piece that can be spoken, whose border was certain only with what follows it."""
        while reply.held and reply.held[0].at < end:
            piece = reply.held.popleft()
            if (cut := end - piece.at) < len(piece.text):
                reply.held.appendleft(replace(piece, text=piece.text[cut:], at=end))
                piece = replace(piece, text=piece.text[:cut], last=False)
            self.allowed.send(replace(piece, flush=piece.at + len(piece.text) >= end))

    def _replace(self, reply: _Reply, objections: tuple[str, ...]) -> None:
        reply.blocked = True
        self.events.send(Event(epoch=reply.epoch, kind="moderation", data={"side": "reply", "blocked": objections}))
        first = reply.held[0]
        self.allowed.send(replace(first, text=in_language(self.settings.say, first.language), last=True))

    def reset(self, epoch: int) -> None:
        self.current = None
