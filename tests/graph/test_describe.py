"""What a processor says of itself, as data."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from voicegraph.frames import CallerAudio, ReplyText
from voicegraph.graph.describe import Option, Port, describe, options_of
from voicegraph.graph.ports import In, Out
from voicegraph.graph.processor import Processor
from voicegraph.graph.registry import Registry
from voicegraph.graph.settings import WRITTEN, Decibels, Duration, Secret, Settings

PROCESSORS = dict(Registry().catalogue)


class LoudSettings(Settings):
    by: int = Field(2, ge=1, le=9)
    """How much
    louder."""
    hold: Duration = 0.24
    """How long."""
    gain: Decibels
    """How loud."""
    key: Secret | None = None
    """A key."""
    words: tuple[str, ...] = ("a", "b")
    """Which."""


class Loud(Processor):
    """Says it louder.

        loud: {use: loud, gain: 3dB}

    And again.
    """

    settings: LoudSettings
    quiet = In(ReplyText, many=True)
    sound = In(CallerAudio, rates=(8000, 16000), optional=True)
    loud = Out(ReplyText)

    def on_quiet(self, text: ReplyText) -> None: ...
    def on_sound(self, audio: CallerAudio) -> None: ...


def test_a_class_says_everything() -> None:
    it = describe("loud", Loud)
    assert (it.about, it.example, it.more) == ("Says it louder.", "loud: {use: loud, gain: 3dB}", "And again.")
    assert it.inputs == (
        Port("quiet", "ReplyText", ("takes several sources",)),
        Port("sound", "CallerAudio", ("8000 or 16000 Hz", "may stay empty")),
    )
    assert it.outputs == (Port("loud", "ReplyText", ()),)
    assert it.options == (
        Option("by", "a whole number, 1 to 9", "How much louder.", False, 2),
        Option("hold", "a number with its unit, such as 240ms or 2s", "How long.", False, "240ms"),
        Option("gain", "a number with its unit, such as -12dB", "How loud.", True),
        Option("key", "a secret: ${NAME}", "A key.", False),
        Option("words", "a list of texts", "Which.", False, ["a", "b"]),
    )


def test_a_preset_tells_what_it_fills_in() -> None:
    options = {option.name: option for option in options_of(PROCESSORS["interruption"].contract.settings)}
    duck = next(option for option in options["speaking"].options if option.name == "duck")
    assert (duck.default, duck.origin) == ("80ms", "preset balanced")


def as_written(options: tuple[Option, ...]) -> dict[str, Any]:
    return {option.name: as_written(option.options) if option.options else option.default for option in options if not option.required}


NEEDED: dict[str, Any] = {"rate": 16000, "block": {"pii": 0.5}, "into": {"en": "fr"}, "base_url": "http://x.example", "model": "small"}
"""What has no default."""


@pytest.mark.parametrize("name", PROCESSORS)
def test_defaults_are_as_one_would_write_them(name: str) -> None:
    """Writing every default down changes nothing."""
    model = PROCESSORS[name].contract.settings
    needed = {option: NEEDED[option] for option, field in model.model_fields.items() if field.is_required()}
    said = as_written(options_of(model))
    assert model.model_validate(said | needed, context=WRITTEN).effective() == model.model_validate(needed, context=WRITTEN).effective()


@pytest.mark.parametrize("name", PROCESSORS)
def test_nothing_takes_anything(name: str) -> None:
    def takes(options: tuple[Option, ...]) -> list[str]:
        return [word for option in options for word in (option.takes, *takes(option.options))]

    assert "anything" not in takes(describe(name, PROCESSORS[name]).options)
