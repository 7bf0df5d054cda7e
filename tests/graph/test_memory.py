"""What a call remembers, and what another takes up of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from voicegraph.graph.host import Host
from voicegraph.graph.memory import Memory, shorter
from voicegraph.graph.processor import Place, Processor
from voicegraph.graph.session import Session
from voicegraph.testing.graphs import Part, graph, processor
from voicegraph.testing.runner import FakeLine


class Agent(Processor):
    """Remembers words."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.words: list[str] = []
        self.at_start: list[str] = []

    def remembered(self) -> Sequence[Any]:
        return self.words

    def remember(self, entries: Sequence[Any]) -> None:
        if not all(isinstance(entry, str) for entry in entries):
            raise ValueError("it remembers words")
        self.words = list(entries)

    async def start(self) -> None:
        self.at_start = list(self.words)


class Forgetful(Processor):
    """Remembers nothing."""


SPEC = graph(Part("agent", Agent), Part("other", Forgetful))


def session(memory: Memory | None = None) -> Session:
    return Session(SPEC, FakeLine(), id="test", host=Host(), memory=memory)


async def test_a_new_call_remembers_nothing() -> None:
    new = session()
    assert (new.resumed, new.remembered()) == (0, {})


async def test_what_one_call_remembered_another_goes_on_from_before_it_starts() -> None:
    former = session()
    processor(former, Agent).words = ["one", "two"]
    later = session(former.remembered())
    assert later.resumed == 2
    await later.start()
    assert processor(later, Agent).at_start == ["one", "two"]
    await later.close("the test is over")


async def test_nodes_that_are_gone_are_ignored() -> None:
    assert session({"somebody": ["one", "two"]}).resumed == 0


@pytest.mark.parametrize("name", ["agent", "other"])
async def test_entries_of_another_kind_are_not_taken(name: str, caplog: pytest.LogCaptureFixture) -> None:
    later = session({name: [{"caller": "hello"}]})
    assert (later.remembered(), later.resumed) == ({}, 0)
    assert "hello" not in caplog.text


async def test_the_oldest_is_dropped_where_there_is_most() -> None:
    memory: Memory = {"agent": [1, 2], "other": [3]}
    memory = shorter(memory)
    assert memory == {"agent": [2], "other": [3]}
    assert shorter(shorter(memory)) == {}
    assert shorter({}) == {}
