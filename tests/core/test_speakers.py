from __future__ import annotations

from voicegraph.core.speakers import Part, script


def test_each_part_is_a_line_with_its_times_and_its_speaker() -> None:
    parts = [Part(" Hello there. ", 0.1, 1.52, "speaker_1"), Part("Hi!", 1.6, 2.0, None)]
    assert script(parts) == "[0.1s -> 1.5s] speaker_1: Hello there.\n[1.6s -> 2.0s] Hi!"


def test_nothing_is_nothing() -> None:
    assert script([]) == ""
