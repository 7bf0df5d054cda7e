"""What a moderation model's scores mean for a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Category = Literal[
    "sexual",
    "hate_and_discrimination",
    "violence_and_threats",
    "dangerous",
    "criminal",
    "selfharm",
    "health",
    "financial",
    "law",
    "pii",
    "jailbreaking",
]
"""The categories of Mistral's moderation, version 2."""


def too_much(scores: Mapping[str, float], block: Mapping[Category, float]) -> tuple[Category, ...] | None:
    """The categories of `block` whose score (0 to 1) reaches their threshold; none for a text that may pass.

    None where one of them has no score: then nobody knows.
    """
    if not all(category in scores for category in block):
        return None
    return tuple(category for category, threshold in block.items() if scores[category] >= threshold)
