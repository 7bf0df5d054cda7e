from __future__ import annotations

from voicegraph.core.moderation import Category, too_much

BLOCK: dict[Category, float] = {"pii": 0.8, "law": 0.3}


def test_a_score_that_reaches_its_threshold_stops_the_text() -> None:
    assert too_much({"pii": 0.8, "law": 0.29}, BLOCK) == ("pii",)
    assert too_much({"pii": 0.9, "law": 0.9}, BLOCK) == ("pii", "law")


def test_categories_without_a_threshold_stop_nothing() -> None:
    assert too_much({"pii": 0.1, "law": 0.1, "sexual": 1.0}, BLOCK) == ()


def test_a_category_without_a_score_is_not_harmless_but_unknown() -> None:
    assert too_much({"pii": 0.1}, BLOCK) is None
