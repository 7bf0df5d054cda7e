import json
from typing import Any

import pytest

from voicegraph.core import rtvi


def test_a_message_leaves_out_what_is_not_given() -> None:
    assert rtvi.message("bot-llm-started") == {"label": "rtvi-ai", "type": "bot-llm-started"}


def test_an_answer_carries_the_id_of_its_request() -> None:
    assert rtvi.message("server-response", {"t": "x", "d": 1}, "7") == {
        "label": "rtvi-ai",
        "type": "server-response",
        "id": "7",
        "data": {"t": "x", "d": 1},
    }
    assert rtvi.bot_ready("7", {"library": "voicegraph"}) == {
        "label": "rtvi-ai",
        "type": "bot-ready",
        "id": "7",
        "data": {"version": "2.1.0", "about": {"library": "voicegraph"}},
    }
    assert rtvi.error_response("7", "No.") == {"label": "rtvi-ai", "type": "error-response", "id": "7", "data": {"error": "No."}}


def test_an_error_has_its_sentence_under_both_names() -> None:
    assert rtvi.error("Bad.", fatal=True)["data"] == {"error": "Bad.", "message": "Bad.", "fatal": True}


def test_signalling_is_outside_the_envelope() -> None:
    assert rtvi.signal("peerLeft") == {"type": "signalling", "message": {"type": "peerLeft"}}


def test_what_rtvi_has_no_word_for_is_a_server_message() -> None:
    assert rtvi.server_message("call-ended", {"reason": "Bye."})["data"] == {"t": "call-ended", "d": {"reason": "Bye."}}


@pytest.mark.parametrize(
    ("sent", "parsed"),
    [
        ({"id": "1", "label": "rtvi-ai", "type": "client-ready"}, {"id": "1", "label": "rtvi-ai", "type": "client-ready", "data": {}}),
        ({"id": 5, "label": "rtvi-ai", "type": "t", "data": None}, {"id": "5", "label": "rtvi-ai", "type": "t", "data": {}}),
        ({"label": "rtvi-ai", "type": "t", "data": {"a": [1]}}, {"id": "", "label": "rtvi-ai", "type": "t", "data": {"a": [1]}}),
        ({"type": "signalling", "message": {"type": "x", "n": 0}}, {"type": "signalling", "message": {"type": "x", "n": 0}}),
        ({"label": "rtvi-ai", "type": "t", "data": {"a": "😀"}}, {"id": "", "label": "rtvi-ai", "type": "t", "data": {"a": "😀"}}),
    ],
)
def test_a_good_message_is_parsed(sent: dict[str, Any], parsed: dict[str, Any]) -> None:
    assert rtvi.parse(json.dumps(sent)) == parsed


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", '"type"'),
        ("null", '"type"'),
        ('{"type": 1}', '"type"'),
        ('{"type": "client-ready"}', '"label": "rtvi-ai"'),
        ('{"type": "client-ready", "label": "other"}', '"label": "rtvi-ai"'),
        ('{"type": "t", "label": "rtvi-ai", "id": []}', '"id"'),
        ('{"type": "t", "label": "rtvi-ai", "data": "x"}', '"data"'),
        ('{"type": "signalling"}', '"message"'),
        ('{"type": "signalling", "message": {}}', '"message"'),
        ('{"type": "send-text", "label": "rtvi-ai", "data": {"content": "\\ud83d"}}', "surrogate"),
    ],
)
def test_a_bad_message_gets_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rtvi.parse(text)
