"""A second author goes on with an answer whose first one was lost."""

from __future__ import annotations

BREAK = " … "
"""Stands between an answer that broke off and one that begins anew: the voice makes a pause of it, the screen shows it."""


class Continuation:
    """What to add to `begun`, the text that is out already, out of the pieces that the second author writes.

    Who repeats what was begun (chat completions that are given a prefix do, and so does an agent that always says the same) is not heard
    twice; who says something else is heard from its own beginning, after a break.
    """

    def __init__(self, begun: str = "") -> None:
        self._begun = begun
        self._own = ""
        self._joined = not begun

    def add(self, text: str) -> str:
        """The next piece; what of it is new. May be empty."""
        if self._joined:
            return text
        self._own += text
        if self._begun.startswith(self._own):
            return ""
        self._joined = True
        return self._own[len(self._begun) :] if self._own.startswith(self._begun) else BREAK + self._own.lstrip()
