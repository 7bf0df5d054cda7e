from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.endpoint import ending, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What time is it?", "closed"),
        ("That is all. ", "closed"),
        ("Das ist alles!", "closed"),
        ("今天天气怎么样？", "closed"),
        ("what time is it", "unsure"),
        ("", "unsure"),
        ("   ", "unsure"),
        ("I would like a coffee,", "open"),
        ("I would like a coffee and", "open"),
        ("I would like a coffee and.", "open"),
        ("Ich möchte einen Kaffee und", "open"),
        ("je voudrais un café et", "open"),
        ("well...", "open"),
        ("well…", "open"),
        ("my number is 0 7", "open"),
        ("my number is 0 7.", "open"),
        ("it costs 7", "unsure"),
        ("I", "unsure"),
        ("?", "unsure"),
        ("AND", "open"),
    ],
)
def test_what_the_words_say_about_the_end(text: str, expected: str) -> None:
    assert ending(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Uh-huh.", "uh-huh"), ("What, now?!", "what now"), ("D’accord", "d'accord"), ("…", ""), ("  a\n b ", "a b"), ("-", ""), ("ÉTÉ", "été")],
)
def test_what_counts_when_words_are_compared(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(max_size=40))
def test_any_text_can_be_compared_and_ends_somehow(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert ending(text) in ("closed", "unsure", "open")
