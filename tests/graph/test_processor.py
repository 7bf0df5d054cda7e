"""What a class body declares is checked when the class is made, not when the first frame comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from voicegraph.errors import ContractError
from voicegraph.frames import Event, ReplyText
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.settings import Settings


class Options(Settings):
    depth: int = 1


class Shout(Processor):
    settings: Options
    words = In(ReplyText)
    events = In(Event)
    loud = Out(ReplyText)

    async def on_words(self, text: ReplyText) -> None: ...
    def on_events(self, event: Event) -> None: ...


def make(**body: Any) -> type[Processor]:
    return type("Bad", (Processor,), body)


def test_a_contract_is_what_the_class_body_declares() -> None:
    contract = Shout.contract
    assert (set(contract.ins), set(contract.outs), contract.settings) == ({"words", "events"}, {"loud"}, Options)


def test_ports_with_an_async_handler_have_an_inbox() -> None:
    assert Shout.contract.queued == {"words"}


def test_a_processor_without_options_takes_none() -> None:
    assert make().contract.settings is Settings


def test_a_subclass_inherits_ports_and_may_change_a_handler() -> None:
    class Whisper(Shout):
        def on_words(self, text: ReplyText) -> None:  # type: ignore[override]  # inline here
            ...

    assert set(Whisper.contract.ins) == {"words", "events"}
    assert Whisper.contract.queued == frozenset()


def test_an_input_needs_its_handler() -> None:
    with pytest.raises(ContractError, match=r"Bad declares the input 'events' and has no method on_events"):
        make(events=In(Event))


def test_a_handler_with_yield_would_do_nothing() -> None:
    async def handler(self: Processor, event: Event) -> AsyncIterator[Event]:
        yield event

    def plain(self: Processor, event: Event) -> Iterator[Event]:
        yield event

    for each in (handler, plain):
        with pytest.raises(ContractError, match="contains a yield"):
            make(events=In(Event), on_events=each)


def test_a_handler_takes_the_frame_and_nothing_else() -> None:
    with pytest.raises(ContractError, match="must take exactly the frame"):
        make(events=In(Event), on_events=lambda self: None)
    with pytest.raises(ContractError, match="must take exactly the frame"):
        make(events=In(Event), on_events=lambda self, frame, more: None)
    assert make(events=In(Event), on_events=lambda self, frame, more=1: None).contract.ins


def test_an_output_can_only_be_like_an_input() -> None:
    with pytest.raises(ContractError, match="is like 'sound', which is no input"):
        make(out=Out(Event, like="sound"))


def test_settings_must_be_settings() -> None:
    with pytest.raises(ContractError, match="subclass of Settings"):
        make(__annotations__={"settings": dict})


@pytest.mark.parametrize("name", ["before", "otherwise"])
def test_an_option_is_not_named_like_a_key_of_the_node(name: str) -> None:
    class Hidden(Settings):
        __annotations__ = {name: int}

    with pytest.raises(ContractError, match=f"Bad cannot have an option '{name}'"):
        make(__annotations__={"settings": Hidden})


def test_annotations_for_the_type_checker_are_left_alone() -> None:
    assert make(__annotations__={"engine": "ImportedForTypingOnly"}).contract.settings is Settings
