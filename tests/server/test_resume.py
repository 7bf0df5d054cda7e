"""Tokens: what goes in comes out, and nothing else does."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.server.options import RESUME_LIMIT
from voicegraph.server.resume import MAX_TOKEN, NOT_OURS, Resumption, Tokens

KEY = Fernet.generate_key()
TOKENS = Tokens(KEY)
NOW = 1_800_000_000.0
MEMORY = {"agent": [{"caller": "Grüß dich", "agent": "Guten Tag.", "cut": False}]}
TOKEN = TOKENS.seal("voxtral", MEMORY, NOW)


def test_what_was_sealed_is_opened() -> None:
    assert TOKENS.open(TOKEN, "voxtral", NOW + RESUME_LIMIT) == Resumption(MEMORY)


def test_another_server_with_the_same_key_reads_it() -> None:
    assert Tokens(KEY).open(TOKEN, "voxtral", NOW).memory == MEMORY


def test_its_words_cannot_be_read() -> None:
    assert b"Guten Tag" not in base64.urlsafe_b64decode(TOKEN)


def test_an_old_one_says_so() -> None:
    found = TOKENS.open(TOKEN, "voxtral", NOW + RESUME_LIMIT + 1)
    assert found == Resumption({}, "The conversation was interrupted for too long (more than 600 s).")


def test_one_of_another_graph_says_so() -> None:
    assert TOKENS.open(TOKEN, "local", NOW) == Resumption({}, "That conversation was one of the graph 'voxtral'.")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "ä" * 100,
        "\ud800",
        "gAAAAA",
        TOKEN[:-1],
        TOKEN[:40],
        TOKEN[:50] + ("A" if TOKEN[50] != "A" else "B") + TOKEN[51:],
        json.dumps({"graph": "voxtral", "nodes": MEMORY}),
        Tokens(Fernet.generate_key()).seal("voxtral", MEMORY, NOW),
    ],
    ids=["empty", "a word", "not ASCII", "a surrogate", "its beginning", "no end", "half", "a letter changed", "not sealed", "another key"],
)
def test_what_is_not_ours_is_refused(token: str) -> None:
    assert TOKENS.open(token, "voxtral", NOW) == Resumption({}, NOT_OURS)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(b"\x80" + raw).decode()))
def test_no_token_of_anybody_elses_is_ever_opened(token: str) -> None:
    assert TOKENS.open(token, "voxtral", NOW) == Resumption({}, NOT_OURS)


@given(st.integers(0, len(base64.urlsafe_b64decode(TOKEN)) - 1), st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(at: int, flip: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKEN))
    raw[at] ^= flip
    assert TOKENS.open(base64.urlsafe_b64encode(raw).decode(), "voxtral", NOW) == Resumption({}, NOT_OURS)


def test_a_long_history_loses_its_oldest_exchanges() -> None:
    exchanges = [{"caller": f"{n} " + "ü" * 900, "agent": "a" * 900, "cut": False} for n in range(40)]
    token = TOKENS.seal("voxtral", {"agent": exchanges}, NOW)
    assert MAX_TOKEN * 0.8 < len(token) <= MAX_TOKEN
    kept = TOKENS.open(token, "voxtral", NOW).memory["agent"]
    assert 5 < len(kept) < 40
    assert kept == exchanges[-len(kept) :]


def test_one_exchange_that_is_too_long_is_left_out() -> None:
    token = TOKENS.seal("voxtral", {"agent": [{"caller": "x" * 50_000, "agent": "", "cut": False}]}, NOW)
    assert TOKENS.open(token, "voxtral", NOW) == Resumption()
