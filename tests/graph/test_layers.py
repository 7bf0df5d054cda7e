"""Where the boxes of a drawing go: whatever the graph, nothing lies on anything else."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from voicegraph.graph.layers import BOX_HEIGHT, Line, Placed, place


def random_graph(seed: int) -> tuple[dict[str, float], list[Line]]:
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(chance.randint(1, 14))]
    pairs = [pair for pair in combinations(names, 2) if chance.random() < 0.25]
    return {name: chance.uniform(60, 200) for name in names}, [Line(a, b, chance.uniform(0, 120), low=chance.random() < 0.3) for a, b in pairs]


def touching(placed: Placed, boxes: dict[str, float]) -> list[tuple[str, str]]:
    def apart(a: str, b: str) -> bool:
        (ax, ay), (bx, by) = placed.boxes[a], placed.boxes[b]
        return abs(ay - by) >= BOX_HEIGHT or abs(ax - bx) >= (boxes[a] + boxes[b]) / 2

    return [(a, b) for a, b in combinations(boxes, 2) if not apart(a, b)]


def crossed(placed: Placed, boxes: dict[str, float]) -> list[str]:
    """Boxes that an upright piece of a line passes through."""
    return [
        name
        for name, (x, y) in placed.boxes.items()
        for points, _ in placed.lines
        for px, py in points[1:-1]
        if abs(py - y) <= BOX_HEIGHT / 2 and abs(px - x) < boxes[name] / 2
    ]


@pytest.mark.parametrize("seed", range(150))
def test_no_box_lies_on_another_and_no_line_runs_through_one(seed: int) -> None:
    boxes, lines = random_graph(seed)
    placed = place(boxes, lines)
    assert touching(placed, boxes) == []
    assert crossed(placed, boxes) == []
    assert all(width / 2 <= placed.boxes[name][0] + 1e-6 <= placed.width - width / 2 + 2e-6 for name, width in boxes.items())


@pytest.mark.parametrize("seed", range(50))
def test_every_line_goes_down_from_the_edge_of_its_source_to_that_of_its_target(seed: int) -> None:
    boxes, lines = random_graph(seed)
    placed = place(boxes, lines)
    for line, (points, _) in zip(lines, placed.lines, strict=True):
        heights = [y for _, y in points]
        assert heights == sorted(heights)
        for name, (x, y), way in ((line.source, points[0], 1), (line.target, points[-1], -1)):
            assert y == placed.boxes[name][1] + way * BOX_HEIGHT / 2
            assert abs(x - placed.boxes[name][0]) < boxes[name] / 2


@pytest.mark.parametrize("seed", range(50))
def test_labels_do_not_lie_on_each_other(seed: int) -> None:
    boxes, lines = random_graph(seed)
    labels = [(line.width, at) for line, (_, at) in zip(lines, place(boxes, lines).lines, strict=True)]
    for (width, (x, y)), (other, (ox, oy)) in combinations(labels, 2):
        assert y != oy or abs(x - ox) >= (width + other) / 2 - 1e-6


def test_a_chain_stands_in_one_column() -> None:
    placed = place({"a": 80, "b": 120, "c": 80}, [Line("a", "b"), Line("b", "c")])
    assert len({round(x, 3) for x, _ in placed.boxes.values()}) == 1
    assert [y for _, y in placed.boxes.values()] == sorted(y for _, y in placed.boxes.values())


def test_lines_that_need_not_cross_do_not() -> None:
    """Given in the wrong order on purpose."""
    placed = place({"a": 80, "b": 80, "c": 80, "d": 80}, [Line("a", "d"), Line("b", "c")])
    (ax, _), (bx, _), (cx, _), (dx, _) = placed.boxes.values()
    assert (ax < bx) == (dx < cx)


def test_nothing_takes_no_room() -> None:
    assert place({}, []).boxes == {}
