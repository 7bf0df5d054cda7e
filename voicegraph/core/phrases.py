"""Patterns such as `weather in {town}`: what a caller says to have something done, for an agent without a model."""

from __future__ import annotations

import re

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def places(phrase: str) -> list[str]:
    """The names in braces, in order."""
    return _PLACE.findall(phrase)


def match(phrase: str, text: str) -> dict[str, str] | None:
    """What stands in the places when the phrase is said somewhere in the text. None: it is not. Case and the punctuation at the end do not count.

    The phrase must not be empty, and a place must not occur twice.
    """
    pieces = _PLACE.split(phrase)
    literals = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", piece)) for piece in pieces[::2]]
    names = [rf"(?P<{name}>.+?)" for name in pieces[1::2]]
    pattern = "".join(part for pair in zip(literals, [*names, ""], strict=True) for part in pair)
    end = r"(?!\w)" if pieces[-1] else r"[\s.,;:!?]*$"
    found = re.search(rf"(?<!\w){pattern}{end}", text.strip(), re.IGNORECASE | re.DOTALL)
    return None if found is None else {name: value.strip() for name, value in found.groupdict().items()}
