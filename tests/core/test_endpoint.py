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
    ("language", "text"),
    [
        ("en", "I would like a coffee and"),
        ("en", "Please send it to my"),
        ("en", "I am looking for Dr."),
        ("de", "Ich möchte einen Kaffee und"),
        ("de", "Das ist für meine"),
        ("fr", "Je voudrais un café et"),
        ("fr", "Je pense qu’"),
        ("es", "Quiero un café con"),
        ("es", "Me gusta el"),
        ("it", "Vorrei un caffè e"),
        ("it", "Sto cercando il"),
        ("pt", "Queria um café com"),
        ("pt", "Eu acho que"),
        ("en", "It was, um"),
        ("de", "Das war, äh"),
        ("fr", "C'était euh"),
    ],
)
def test_words_that_lead_on_in_many_languages(language: str, text: str) -> None:
    assert ending(text, language) == "open"
    assert ending(f"{text}…") == "open", "in any language"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "when did he die", "unsure"),
        ("de", "ich suche die", "open"),
        (None, "when did he die", "unsure"),
        ("nl", "when did he die", "unsure"),
        ("es", "si", "unsure"),
        ("en", "can you tell me where it is", "unsure"),
        ("de", "mach die Tür zu", "unsure"),
        ("en", "I think so.", "closed"),
        ("en", "I think so", "open"),
        ("en", "Since when?", "closed"),
        ("fr", "C'est quand ?", "closed"),
    ],
)
def test_a_word_may_lead_on_in_one_language_and_not_in_another(language: str | None, text: str, expected: str) -> None:
    assert ending(text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("four one seven", "open"),
        ("my number is oh one five one", "open"),
        ("null eins sieben", "open"),
        ("zéro six", "open"),
        ("cuatro uno siete", "open"),
        ("quattro uno sette", "open"),
        ("quatro um sete", "open"),
        ("My number is 417.", "open"),
        ("Meine Telefonnummer ist 0151", "open"),
        ("It's 555-1234", "open"),
        ("I would like two", "unsure"),
        ("At five.", "closed"),
        ("Let's meet at 5:30.", "closed"),
        ("It costs 3.50.", "closed"),
        ("in nineteen eighty four", "unsure"),
        ("Is your number 4 1 7?", "closed"),
    ],
)
def test_numbers_that_are_being_dictated(text: str, expected: str) -> None:
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
