import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicegraph.core.ports import parse, shares, too_few


def test_a_range_is_read() -> None:
    assert parse("40000-40199") == range(40000, 40200)
    assert parse("40000-40000") == range(40000, 40001)


@pytest.mark.parametrize(
    "text", ["", "40000", "40000-", "-40000", "40199-40000", "80-90", "60000-70000", "a-b", "40000-40199x", "４００００-４０００９"]
)
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="such as 40000-40199"):
        parse(text)


@given(st.integers(1, 500), st.integers(1, 20))
def test_every_worker_has_as_many_and_no_port_is_anothers(count: int, workers: int) -> None:
    ports = range(40000, 40000 + count)
    found = shares(ports, workers)
    assert {len(share) for share in found} == {count // workers}
    every = [port for share in found for port in share]
    assert len(every) == len({*every} & {*ports})


def test_a_port_for_each_call_is_enough() -> None:
    assert too_few(range(40000, 40060), workers=2, calls=30) is None


def test_fewer_are_refused_with_what_would_do() -> None:
    sentence = too_few(range(40000, 40059), workers=2, calls=30)
    assert sentence is not None
    assert sentence.startswith("59 UDP ports are too few for 30 calls for each of 2 workers: ")
    assert "at least 60, better 90" in sentence
