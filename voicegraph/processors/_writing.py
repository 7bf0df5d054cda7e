"""What agents share: a reply's text, sent piece by piece, each at its place."""

from __future__ import annotations

from voicegraph.frames import ReplyText, Turn
from voicegraph.graph.ports import Outlet


class Writing:
    """The answer to one turn. language: what it is in (ISO 639-1), by default what the turn is in."""

    def __init__(self, outlet: Outlet[ReplyText], turn: Turn, language: str | None = None) -> None:
        self._outlet = outlet
        self._turn = turn
        self._language = language or turn.language
        self.text = ""
        """What has been written."""

    @property
    def at(self) -> int:
        """How many characters have been written."""
        return len(self.text)

    async def write(self, text: str) -> bool:
        """The next piece. False: nobody wants more of it."""
        return self._send(text, last=False) and await self._outlet.room(self._turn.epoch)

    def finish(self, text: str = "") -> None:
        """The last piece."""
        self._send(text, last=True)

    def _send(self, text: str, last: bool) -> bool:
        turn, at = self._turn, self.at
        self.text += text
        return self._outlet.send(ReplyText(epoch=turn.epoch, text=text, at=at, last=last, spoken=turn.audible, language=self._language))
