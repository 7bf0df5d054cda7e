"""Whatever a provider answers, a reply fails in plain words at the worst, and those are not the answer's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicegraph.errors import ReplyFailed
from voicegraph.mistral.answers import choice_in, chunks_in, parsed, text_in

SECRET = "what the caller said"


@pytest.mark.parametrize(
    "completion",
    [
        None,
        [SECRET],
        {"choices": 5},
        {"choices": {"0": {}}},
        {"choices": [None]},
        {"choices": [SECRET]},
        {"choices": [{"delta": SECRET}]},
        {"choices": [{"message": [SECRET]}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"content": [SECRET]}}]},
        {"choices": [{"delta": {"content": [{"type": "text", "text": {"value": SECRET}}]}}]},
        {"choices": [{"delta": {"tool_calls": SECRET}}]},
        {"choices": [{"delta": {"tool_calls": [None]}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": SECRET}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": [1], "function": {"name": "x"}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": {"name": [SECRET]}}]}}]},
    ],
    ids=json.dumps,
)
def test_what_makes_no_sense_fails_the_reply_in_plain_words(completion: Any) -> None:
    with pytest.raises(ReplyFailed) as caught:
        choice_in(completion, "Mistral")
    assert str(caught.value) == "Mistral answered with something that is no chat completion."
    assert caught.value.__suppress_context__  # it would quote the answer


@pytest.mark.parametrize("completion", [{}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"delta": None, "more": 5}]}])
def test_what_is_left_out_or_null_is_nothing(completion: Any) -> None:
    choice = choice_in(completion, "Mistral")
    assert (choice.delta, choice.message, choice.finish_reason) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("Hi.", "Hi."),
        ({"type": "text", "text": "Hi."}, "Hi."),
        ([{"type": "text", "text": "Hi"}, {"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "."}], "Hi."),
        ([{"type": "text", "text": None}], ""),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {}], ""),
    ],
)
def test_only_what_is_text_is_spoken(content: Any, text: str) -> None:
    assert text_in(chunks_in(content)) == text
    delta = choice_in({"choices": [{"delta": {"content": content}}]}, "Mistral").delta
    assert delta is not None
    assert delta.text() == text


@pytest.mark.parametrize("content", [5, [None], [[]], {"type": 5}, [{"type": "text", "text": 5}]])
def test_content_that_is_none_fails_the_reply(content: Any) -> None:
    with pytest.raises(ReplyFailed, match=r"^Mistral answered with something that is no text.$"):
        chunks_in(content)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"", b"Hello", b"\xff", b'"\\ud83d"'])
def test_what_is_no_json_or_nested_beyond_reason_is_one_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        parsed(data)
