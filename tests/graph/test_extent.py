"""How far a mistake reaches, for an editor that underlines it."""

from __future__ import annotations

import pytest

from voicegraph.graph.extent import extent


@pytest.mark.parametrize(
    ("text", "column", "marked"),
    [
        ("  echo: ecko  # no", 9, "ecko"),
        ("  echo: ecko", 3, "echo"),
        ("{use: vad, mode: 2}", 12, "mode"),
        ("{use: vad, mode: 2}", 18, "2"),
        ('say: "a: b, c" # x', 6, '"a: b, c"'),
        (r'say: "a\" b" ', 6, r'"a\" b"'),
        ("say: 'it''s' x", 6, "'it''s'"),
        ('say: "never closed', 6, '"never closed'),
        ("use: ./mine.py:Loud", 6, "./mine.py:Loud"),
        ("a: https://x.example/y z", 4, "https://x.example/y z"),
        ("pünktchen: 🙂🙂", 12, "🙂🙂"),
        ("a: {", 4, "{"),
    ],
)
def test_it_ends_with_what_stands_there(text: str, column: int, marked: str) -> None:
    assert text[column - 1 : extent(text, 1, column) - 1] == marked


@pytest.mark.parametrize(("line", "column"), [(1, 99), (7, 1), (2, 1)])
def test_there_is_always_something_to_mark(line: int, column: int) -> None:
    assert extent("a: b\n\n", line, column) == column + 1
