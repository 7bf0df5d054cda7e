"""How well the ledger knows what was heard, against a voice that tells when it speaks each word."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from voicegraph.core.ledger import Mark, Span
from voicegraph.core.playout import PlayoutBuffer
from voicegraph.core.sentences import Clauses
from voicegraph.local.espeak import RATE, Spoken, Voice, synthesise

TEXT = (
    "Once upon a time there was a lighthouse at the end of a long stone pier, and in it lived a keeper who had never once let the lamp go out. "
    "Every evening she climbed the hundred and twelve steps, cleaned the glass, and lit the lamp before the first star was up. "
    "One winter a fog came in from the north. It was so thick that nobody could see a hand before the eyes, and the boats were still out."
)
CUTS = 200


def spoken() -> list[tuple[Span, Spoken]]:
    """The text as a voice speaks it, clause by clause."""
    clauses = Clauses()
    spans = clauses.feed(TEXT) + clauses.flush()
    return [(span, synthesise(span.text, Voice("en-us", 150), pause=True)) for span in spans]


def words_begun(pieces: list[tuple[Span, Spoken]], played: int) -> int:
    """How many words had begun when so many samples had left, by the voice's own word (it takes "of a" for one)."""
    last, start = -1, 0
    for span, sound in pieces:
        last = max([last, *(span.at + mark.at for mark in sound.words if start + mark.seconds * RATE < played)])
        start += len(sound.pcm)
    return sum(word.start() <= last for word in re.finditer(r"\S+", TEXT))


@pytest.mark.parametrize("told", [True, False], ids=["the voice tells its words", "by the place in the clause"])
def test_what_was_heard_is_known_to_the_word(told: bool) -> None:
    """Over 200 interruptions at random moments: at most one word off, at the 95th percentile; the sound is made ahead, as voices do."""
    pieces, dice = spoken(), random.Random(7)
    whole = sum(len(sound.pcm) for _, sound in pieces)
    errors = []
    for _ in range(CUTS):
        playout = PlayoutBuffer(RATE)
        for span, sound in pieces:
            marks = tuple(Mark(mark.seconds, span.at + mark.at) for mark in sound.words) if told else ()
            playout.push(1, sound.pcm, span, marks, ends=True)
        playout.pull(cut := dice.randrange(1, whole))
        outcome = playout.cut()
        assert outcome is not None
        errors.append(abs(len(outcome.text.split()) - words_begun(pieces, cut)))
    assert np.percentile(errors, 95) <= 1
