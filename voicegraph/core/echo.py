"""Is this the agent's own voice, come back through the caller's microphone?"""

from __future__ import annotations

from difflib import SequenceMatcher

from voicegraph.core.endpoint import plain

WINDOW = 16
"""Words of the reply, up to the one that leaves now, that can come back: a few seconds of playout, loudspeaker and recognition."""
ALIKE = 0.75
"""Share of the words that must be the reply's, in its order: recognition of a loudspeaker's sound is worse than of a mouth's."""


def is_echo(said: str, spoken: str) -> bool:
    """Whether `said` repeats what was just `spoken` (all that has left of the reply so far), word for word or nearly so."""
    words, recent = plain(said).split(), plain(spoken).split()[-WINDOW:]
    if not words:
        return False
    matcher = SequenceMatcher(None, recent, words, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) >= ALIKE * len(words)
