"""Five hundred random conversations in which everything goes wrong. See `voicegraph/testing/soak.py` for what must be true of them all the same."""

from __future__ import annotations

import pytest

from voicegraph.testing.soak import soak

CHUNK = 25


@pytest.mark.parametrize("first", range(0, 500, CHUNK))
def test_no_promise_is_broken(first: int) -> None:
    told: list[str] = []
    failures = soak(first, CHUNK, told.append)
    assert not failures, "\n".join(told)
