import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.ledger import Span
from voicegraph.core.sentences import LIMIT, Clauses, SpokenClauses, speakable

ANY = st.text(alphabet=st.sampled_from(list("abcIZä .,;!?…。、日本ー」\"'()—-\n\u00a0«»123é🙂한\u0301")), max_size=700)
WORDS = st.lists(st.text(alphabet="abcdefghijklmnop", min_size=1, max_size=12), min_size=1, max_size=150)


def cut(text: str, first: int = 40) -> list[str]:
    clauses = Clauses(first=first)
    return [span.text for span in clauses.feed(text) + clauses.flush()]


def later(text: str) -> list[str]:
    """The spans of a text that follows a first one."""
    return cut("Well. " + text)[1:]


def chunked(text: str, sizes: list[int]) -> list[Span]:
    clauses = Clauses(at=7)
    spans = []
    at = 0
    for size in sizes:
        spans += clauses.feed(text[at : at + size])
        at += size
    return spans + clauses.feed(text[at:]) + clauses.flush()


@given(ANY, st.lists(st.integers(1, 9), max_size=200))
def test_the_spans_joined_are_the_text_and_any_chunking_gives_the_same(text: str, sizes: list[int]) -> None:
    spans = chunked(text, sizes)
    assert "".join(span.text for span in spans) == text
    assert all(span.text for span in spans)
    at = 7
    for span in spans:
        assert span.at == at
        at = span.end
    assert spans == chunked(text, [])


@given(WORDS, st.sampled_from([" ", ", ", ". ", "  "]))
def test_words_stay_whole_and_no_span_is_too_long(words: list[str], between: str) -> None:
    spans = cut(between.join(words))
    assert [word.strip(" ,.") for span in spans for word in span.split()] == words
    assert len(spans[0].rstrip()) <= 40
    assert all(len(span.rstrip()) <= LIMIT for span in spans)


def test_the_first_sentence_is_ready_when_the_next_one_begins() -> None:
    clauses = Clauses()
    assert clauses.feed("Sure.") == []
    assert clauses.feed(" ") == []
    assert clauses.feed("H") == [Span("Sure. ", 0)]
    assert clauses.flush() == [Span("H", 6)]


def test_the_first_span_may_end_at_a_clause() -> None:
    assert cut("As far as I know, it will rain tomorrow.") == ["As far as I know, ", "it will rain tomorrow."]


def test_a_clause_of_one_word_is_too_short_to_be_the_first_span() -> None:
    assert cut("Well, it will rain, I think.") == ["Well, it will rain, ", "I think."]


def test_a_first_sentence_that_flows_on_is_cut_at_a_word() -> None:
    assert cut("the weather in the north will be cold and also rather windy")[0] == "the weather in the north will be cold "


def test_later_sentences_stay_whole() -> None:
    assert later("It rains here, there, and everywhere today. Take a coat with you, please.") == [
        "It rains here, there, and everywhere today. ",
        "Take a coat with you, please.",
    ]


def test_a_tiny_later_sentence_is_spoken_with_the_next() -> None:
    assert later("Yes. Of course you can. Ask away, I listen.") == ["Yes. Of course you can. ", "Ask away, I listen."]


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    sentence = ", ".join(["and then they went on to the next village"] * 9) + "."
    spans = later(sentence)
    assert len(spans) == 3
    assert all(span.endswith("village, ") for span in spans[:-1])


@pytest.mark.parametrize(
    "sentence",
    [
        "I asked Dr. Who about it.",
        "Nehmen Sie z.B. Äpfel oder Birnen.",
        "Nehmen Sie z. B. Äpfel oder Birnen.",
        "Fruit, e.g. Apples or pears.",
        "It costs 3.5 euros or 1,000.25 yen.",
        "The book is by J. R. R. Tolkien himself.",
        "We met at 5 p.m. on a Sunday.",
        "It is room No. 5 on the left.",
        "Ihr Termin ist am 3. Mai um neun.",
        "This is the 3. attempt to do it.",
        "Well... maybe it will rain later.",
        'He said "Stop!" and then he left.',
        "Il y a 1\u00a0000 personnes ici\u00a0!",
        "Comment allez-vous aujourd'hui ?",
        "« Bonjour », dit-il en entrant.",
        "Look at example.com for the rest.",
        "You can ask Smith vs. Jones about that.",
    ],
)
def test_what_looks_like_an_end_and_is_none(sentence: str) -> None:
    assert later(f"{sentence} Something else comes then.") == [f"{sentence} ", "Something else comes then."]


@pytest.mark.parametrize(
    "sentence",
    [
        "The answer to that is 42.",
        "Did he really say so?!",
        "(That was in brackets, too.)",
        'She answered, "I do not know."',
        "And so, it seems, am I.",
        "I know the answer: No.",
        "Apples, pears, plums, etc.",
        "We close at about 5 p.m.",
        "And then it was gone…",
        "And then it was gone...",
        "**That was printed bold.**",
        "a line without a dot\n",
    ],
)
def test_where_sentences_end(sentence: str) -> None:
    assert later(f"{sentence} Something else comes then.") == [f"{sentence} ", "Something else comes then."]


def test_the_items_of_a_list_keep_their_numbers() -> None:
    text = "1. Preheat the oven well.\n2. Mix all the flour in.\n"
    assert later(text) == ["1. Preheat the oven well.\n", "2. Mix all the flour in.\n"]


def test_scripts_without_spaces() -> None:
    assert cut("今日はいい天気ですね。散歩に行きましょう！「はい。」") == ["今日はいい天気ですね。", "散歩に行きましょう！", "「はい。」"]


def test_ideographs_without_any_mark_are_cut_at_the_limit() -> None:
    spans = cut("天" * 300)
    assert "".join(spans) == "天" * 300
    assert max(map(len, spans)) <= LIMIT // 3


def test_a_word_beyond_the_limit_stays_whole() -> None:
    assert cut("x" * 500 + " and on") == ["x" * 500 + " ", "and on"]


def test_a_row_of_numbers_is_only_cut_when_there_is_nothing_else() -> None:
    assert cut("call us at once on 06 12 34 56 78 90 12 34 56")[0] == "call us at once on "
    assert "".join(cut("1 2 3 " * 100)) == "1 2 3 " * 100
    assert len(cut("1 2 3 " * 100)) > 3


def test_nothing_gives_nothing() -> None:
    assert cut("") == []


def test_speakable() -> None:
    assert speakable(" 3")
    assert not speakable("… 🙂\n")


def test_text_for_the_screen_only_ends_a_span_and_is_one_without_sound() -> None:
    clauses = SpokenClauses()
    assert clauses.feed("Look at ", 0, spoken=True, flush=False) == []
    assert clauses.feed("[a picture]", 8, spoken=False, flush=False) == [Span("Look at ", 0), Span("[a picture]", 8, spoken=False)]
    assert clauses.feed(" of a cat.", 19, spoken=True, flush=True) == [Span(" of a cat.", 19)]


def test_text_for_the_screen_only_may_end_a_reply() -> None:
    clauses = SpokenClauses()
    clauses.feed("Look", 0, spoken=True, flush=False)
    assert clauses.feed(" here", 4, spoken=False, flush=True) == [Span("Look", 0), Span(" here", 4, spoken=False)]
    assert clauses.feed("", 9, spoken=False, flush=True) == []


def test_who_flushes_is_not_kept_waiting_for_what_follows() -> None:
    clauses = SpokenClauses()
    assert clauses.feed("It is warm today, ", 0, spoken=True, flush=True) == [Span("It is warm today, ", 0)]
    assert clauses.feed("and it will stay so. Really", 18, spoken=True, flush=False) == [Span("and it will stay so. ", 18)]
