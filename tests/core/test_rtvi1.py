from __future__ import annotations

import pytest

from voicegraph.core import rtvi, rtvi1
from voicegraph.core.screen import Screen


@pytest.mark.parametrize("version", ["0.3", "1.2.0", "1"])
def test_an_old_client_tells_so(version: str) -> None:
    assert rtvi1.is_spoken_by(version)


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0", "10", "", "x"])
def test_any_other_is_a_new_one(version: str) -> None:
    assert not rtvi1.is_spoken_by(version)


def test_a_sentence_comes_once_and_then_the_pieces_that_were_spoken() -> None:
    screen = Screen()
    told = screen.text(1, "One two. Three.", True, True) + screen.playing(1, True)
    told += screen.progress(1, "One") + screen.progress(1, "One two. Three.") + screen.heard(1, "One two. Three.", True, "finished")
    outputs = [each["data"] for message in told for each in rtvi1.translated(message) if each["type"] == "bot-output"]
    assert outputs == [
        {"text": "One two.", "aggregated_by": "sentence", "spoken": False},
        {"text": "Three.", "aggregated_by": "sentence", "spoken": False},
        {"text": "One", "aggregated_by": "word", "spoken": True},
        {"text": "two. Three.", "aggregated_by": "word", "spoken": True},
    ]


def test_text_for_the_screen_only_is_never_spoken() -> None:
    told = Screen().text(1, "Only shown.", True, False)
    outputs = [each["data"] for message in told for each in rtvi1.translated(message) if each["type"] == "bot-output"]
    assert outputs == [{"text": "Only shown.", "aggregated_by": "sentence", "spoken": False}]


def test_all_else_stays_as_it_is() -> None:
    for message in (rtvi.message("bot-llm-started"), rtvi.signal("peerLeft"), rtvi.server_message("turn", {}), rtvi.error("Bad.")):
        assert rtvi1.translated(message) == [message]
