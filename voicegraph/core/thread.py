"""A conversation that is kept at the provider, and what the caller really heard of it.

The provider remembers its answers as it wrote them. Whatever was cut short, failed, was never heard or was asked in other words makes its memory
untrue from there on, so the next request starts again from the last entry that is true and brings what was really said since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicegraph.core.dialogue import Message, joined


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
    """An entry at the provider up to which it knows what was really said."""

    conversation: str
    entry: str


class Thread:
    """Says how the next request goes on. Replies are known by their number, which grows."""

    def __init__(self) -> None:
        self._anchors: dict[int, _Anchor | None] = {}
        """For each exchange that entered the dialogue, in order, by its reply: where the provider has it; None for what it has otherwise or not at
        all."""
        self._at_end = False
        """Whether the provider's conversation ends at the last anchor."""
        self._asked: int | None = None
        self._answer: _Anchor | None = None

    def ask(self, reply: int, exchanges: Sequence[Sequence[Message]]) -> Start | Append | Restart:
        """exchanges: those of the whole dialogue, without instructions and tools, the caller's words to be answered last. A request that is repeated
        is asked like a new one."""
        anchors = [*self._anchors.values()]
        since = next((since for since, anchor in enumerate(reversed(anchors)) if anchor is not None), len(anchors))
        anchor = anchors[-since - 1] if since < len(anchors) else None
        at_end, self._at_end = self._at_end, False
        self._asked, self._answer = reply, None
        if anchor is None:
            return Start(joined(exchanges))
        inputs = joined(exchanges[-since - 1 :])
        return Append(anchor.conversation, inputs) if at_end else Restart(anchor.conversation, anchor.entry, inputs)

    def answered(self, reply: int, conversation: str, entry: str) -> None:
        """The provider has kept its answer under this entry."""
        if reply == self._asked:
            self._answer = _Anchor(conversation, entry)

    def entered(self, reply: int, whole: bool) -> None:
        """This exchange has entered the dialogue. whole: what the caller heard is what the provider wrote."""
        self._anchors[reply] = self._answer if whole and reply == self._asked else None
        self._at_end = self._at_end or self._anchors[reply] is not None

    def amended(self, reply: int) -> None:
        """The words of the caller that this reply answers were really others: what the provider has of it and of all that followed is untrue."""
        for each, anchor in self._anchors.items():
            if each >= reply and anchor is not None:
                self._anchors[each], self._at_end = None, False
        self._asked = None  # whatever is being asked was asked with them

    def forgotten(self) -> None:
        """The provider does not know the conversation any more."""
        self._anchors = dict.fromkeys(self._anchors)
