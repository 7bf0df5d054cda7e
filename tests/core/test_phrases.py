from __future__ import annotations

import pytest

from voicegraph.core.phrases import match, places


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("weather in {town}", "What's the weather in Paris?", {"town": "Paris"}),
        ("weather in {town}", "the Weather  in San Francisco .", {"town": "San Francisco"}),
        ("weather in {town}", "weather in", None),
        ("book a table for {people} at {time}", "Please book a table for two at eight.", {"people": "two", "time": "eight"}),
        ("set {what} to {value} degrees", "set the oven to 200 degrees, please", {"what": "the oven", "value": "200"}),
        ("open the door", "Could you open the door now?", {}),
        ("open the door", "open the doors", None),
        ("in {town}", "begin Paris", None),
        ("costs $5 (net)", "it costs $5 (net)", {}),
    ],
)
def test_a_phrase_is_found_with_what_stands_in_its_places(phrase: str, text: str, found: dict[str, str] | None) -> None:
    assert match(phrase, text) == found


def test_the_places_of_a_phrase() -> None:
    assert places("from {a} to {b_2}, {}") == ["a", "b_2"]
