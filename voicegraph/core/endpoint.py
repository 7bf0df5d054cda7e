"""Does this text sound finished? What the words alone say about the end of a turn."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Ending = Literal["closed", "unsure", "open"]

_CLOSED = tuple(".!?。！？")
_OPEN = (*",;:-–—…、，", "...")
_LEADING_ON = frozenset(
    "and or but because so if when which the a an of with my your um uh "  # English
    "und oder aber weil wenn dass der die ein eine mit für äh "  # German
    "et ou mais parce que quand le les un une de avec pour euh "  # French
    "pero porque cuando que el los una con para eh "  # Spanish
    "mas quando uma com il di per ma perché".split()  # Portuguese, Italian
)
"""Last words after which people go on: conjunctions, articles, prepositions, hesitations."""


def ending(text: str) -> Ending:
    """`closed` after a full sentence, `open` after what asks for more (a comma, "and", a number being dictated), else `unsure`."""
    text = text.rstrip()
    if text.endswith(_OPEN):
        return "open"
    words = re.findall(r"[\w'’]+", text)
    if not words:
        return "unsure"
    dictating = all(word.isdigit() for word in words[-2:]) and len(words) > 1
    if dictating or words[-1].lower() in _LEADING_ON:
        return "open"
    return "closed" if text.endswith(_CLOSED) else "unsure"


def plain(text: str) -> str:
    """For comparing what was said: lower case, no punctuation, single spaces."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(re.findall(r"[\w'-]+", text)).strip("-' ")
