"""Whether an answer is asked for again whose stream was lost, and when."""

from __future__ import annotations

PAUSES = (0.15, 0.5)
"""Seconds before another try, where one may help: soon and seldom, since a caller waits;"""
SOON = (0.15,)
"""and where a stand-in waits to take over."""


class Retries:
    """The tries of one answer.

    replaceable: a stand-in waits to take over. resumable: whoever writes the answer can be told what is out already and goes on from there. Otherwise
    an answer that has begun is not asked for again, because its beginning would be said twice.
    """

    def __init__(self, replaceable: bool = False, resumable: bool = False) -> None:
        self._pauses = iter(SOON if replaceable else PAUSES)
        self._resumable = resumable
        self._begun = False

    def begun(self) -> None:
        """Some of the answer is out."""
        self._begun = True

    def lost(self) -> float | None:
        """The stream was lost. Seconds after which the answer is asked for again; None: it is given up."""
        return None if self._begun and not self._resumable else next(self._pauses, None)
