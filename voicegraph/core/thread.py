"""A conversation that is kept at the provider, and what the caller really heard of it.

The provider remembers its answers as it wrote them. Whatever was cut short, failed or was never heard makes its memory untrue from there on, so the
next request starts again from the last entry that is true and brings what was really said since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicegraph.core.dialogue import Message


@dataclass(frozen=True, slots=True)
class Start:
    """A new conversation with these inputs."""

    inputs: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Append:
    """Goes on with a conversation as it is."""

    conversation: str
    inputs: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Restart:
    """A new branch of a conversation, from this entry on (itself included)."""

    conversation: str
    entry: str
    inputs: Sequence[Message]


@dataclass(frozen=True, slots=True)
class _Anchor:
    """The last entry at the provider that tells the truth."""

    conversation: str
    entry: str


class Thread:
    """Says how the next request goes on. Replies are known by their number."""

    def __init__(self) -> None:
        self._anchor: _Anchor | None = None
        self._true = True
        """Whether the provider's conversation ends at the anchor."""
        self._since = 0
        """Exchanges that were heard since then."""
        self._asked: int | None = None
        self._answer: _Anchor | None = None

    def ask(self, reply: int, messages: Sequence[Message]) -> Start | Append | Restart:
        """messages: the whole dialogue without instructions, the caller's words last. A request that is repeated is asked like a new one."""
        anchor, true = self._anchor, self._true
        self._asked, self._answer, self._true = reply, None, False
        if anchor is None:
            return Start(messages)
        if true:
            return Append(anchor.conversation, messages[-1:])
        return Restart(anchor.conversation, anchor.entry, messages[-2 * self._since - 1 :])

    def answered(self, reply: int, conversation: str, entry: str) -> None:
        """The provider has kept its answer under this entry."""
        if reply == self._asked:
            self._answer = _Anchor(conversation, entry)

    def heard(self, reply: int, finished: bool) -> None:
        """Some of the reply was heard, all of it (`finished`) or less."""
        if reply != self._asked:
            return
        if finished and self._answer is not None:
            self._anchor, self._true, self._since = self._answer, True, 0
        else:
            self._since += 1

    def forgotten(self) -> None:
        """The provider does not know the conversation any more."""
        self._anchor, self._true, self._since = None, True, 0
