from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from voicegraph.graph.settings import WRITTEN, ByLanguage, Decibels, Duration, Secret, Settings, format_duration, in_language


class Options(Settings):
    delay: Duration = 0.24
    level: Decibels = -12.0
    key: Secret = Secret("")


def written(**options: Any) -> Options:
    """As from a file."""
    return Options.model_validate(options, context=WRITTEN)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("240ms", 0.24), ("2s", 2.0), ("1.5 s", 1.5), ("1.5min", 90.0), (" 2s ", 2.0), (0, 0.0), ("0", 0.0), (0.0, 0.0), ("0ms", 0.0)],
)
def test_a_duration_has_its_unit(text: object, seconds: float) -> None:
    assert written(delay=text).delay == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["2", 240, 0.5, "-2s", "2h", "s", "", "2 s s", True, False, [1], None, float("inf"), float("nan")])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="duration"):
        written(delay=text)


def test_a_bare_number_is_told_how_to_write_it() -> None:
    with pytest.raises(ValidationError, match="write 240ms or 240s"):
        written(delay=240)


@given(st.integers(0, 599_999))
def test_a_duration_can_be_written_and_read_again(milliseconds: int) -> None:
    assert written(delay=format_duration(milliseconds / 1000)).delay == pytest.approx(milliseconds / 1000)


def test_python_gives_plain_seconds_and_decibels() -> None:
    options = Options(delay=0.5, level=-6.0)
    assert (options.delay, options.level) == (0.5, -6.0)
    with pytest.raises(ValidationError, match="duration"):
        Options(delay=-0.5)


@pytest.mark.parametrize(("text", "gain"), [("-12dB", -12.0), ("+3 dB", 3.0), ("0.5dB", 0.5)])
def test_decibels_have_their_unit(text: str, gain: float) -> None:
    assert written(level=text).level == gain


@pytest.mark.parametrize("text", ["-12", -12, -12.0, "loud", "-12db"])
def test_what_are_no_decibels_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="decibels"):
        written(level=text)


def test_an_option_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValidationError, match="extra"):
        written(deley="2s")


def test_options_do_not_change_during_a_call() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Options(), "delay", 1.0)  # noqa: B010  # mypy knows it too


def test_options_are_written_with_their_units_and_without_secrets() -> None:
    options = Options(delay=0.24, level=-12.0, key=Secret("hunter2"))
    assert options.model_dump(mode="json")["delay"] == "240ms"
    assert options.model_dump(mode="json")["level"] == "-12dB"
    assert "hunter2" not in f"{options!r}{options.model_dump_json()}"


@pytest.mark.parametrize(
    ("texts", "language", "text"),
    [
        ("Hello", "fr", "Hello"),
        ({"en": "Hello", "fr": "Bonjour"}, "fr", "Bonjour"),
        ({"en": "Hello", "fr": "Bonjour"}, "fr-CA", "Bonjour"),
        ({"en": "Hello", "fr": "Bonjour"}, "de", "Hello"),
        ({"fr": "Bonjour", "en": "Hello"}, None, "Bonjour"),
    ],
)
def test_a_text_by_language_falls_back_to_the_first(texts: ByLanguage, language: str | None, text: str) -> None:
    assert in_language(texts, language) == text


@pytest.mark.parametrize("texts", [{}, {"english": "Hello"}, {"EN": "Hello"}])
def test_a_language_is_a_code_of_two_letters(texts: dict[str, str]) -> None:
    class Greeting(Settings):
        text: ByLanguage = ""

    with pytest.raises(ValidationError):
        Greeting.model_validate({"text": texts}, context=WRITTEN)
