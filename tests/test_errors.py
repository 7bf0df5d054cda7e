from __future__ import annotations

from voicegraph.errors import ReplyFailed, loggable


def test_what_the_provider_says_is_kept_from_the_log() -> None:
    assert loggable(str(ReplyFailed("It refused.", "You said: my PIN is 4711."))) == "It refused."
    assert loggable("The caller hung up.") == "The caller hung up."
