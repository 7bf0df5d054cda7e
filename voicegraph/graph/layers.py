"""Boxes in layers and the lines between them: where everything goes. Knows nothing of graphs of processors.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981): layers by the longest
path, waypoints where a line passes a layer, an order with few crossings by barycentres, and places as near as the order allows to the neighbours'
mean (isotonic regression by pooling adjacent violators). Between two layers of boxes lies one of waypoints, with room for what is written on a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

BOX_HEIGHT = 44.0
GAP_HEIGHT = 46.0
"""Of a layer of waypoints, which has the lines' bends and their labels."""
SPACE = 18.0
"""Between two neighbours of a layer."""
LANE = 8.0
"""The width that a passing line takes."""
SWEEPS = 12

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """From a box to one in a lower layer. width: of the label, 0 without one; `low`: the label stands near the target."""

    source: str
    target: str
    width: float = 0.0
    low: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """width, height: of everything. boxes: the middle of each. lines: for each line the points that it goes through, and the middle of its label."""

    width: float
    height: float
    boxes: Mapping[str, Point]
    lines: Sequence[tuple[Sequence[Point], Point]]


@dataclass(slots=True)
class _Spot:
    """A box or a waypoint. `above`, `below`: its neighbours, with the weight of the line between."""

    width: float
    rank: int
    box: bool
    x: float = 0.0
    above: list[tuple[_Spot, float]] = field(default_factory=list)
    below: list[tuple[_Spot, float]] = field(default_factory=list)


def place(boxes: Mapping[str, float], lines: Sequence[Line]) -> Placed:
    """boxes: name → width, in an order in which every line goes forward."""
    depths = _depths(boxes, lines)
    spots = {name: _Spot(width, 2 * depths[name], box=True) for name, width in boxes.items()}
    chains = [_chain(spots[line.source], spots[line.target], line) for line in lines]
    ranks: list[list[_Spot]] = [[] for _ in range(2 * max(depths.values(), default=0) + 1)]
    for spot in [*spots.values(), *(spot for chain in chains for spot in chain[1:-1])]:
        ranks[spot.rank].append(spot)
    _put_in_order(ranks)
    _put_in_place(ranks)
    for chain in chains * 2:  # the second time there is room that others made
        _straighten(chain[1:-1], ranks)
    everything = [spot for rank in ranks for spot in rank]
    left = min((spot.x - spot.width / 2 for spot in everything), default=0.0)
    for spot in everything:
        spot.x -= left
    return Placed(
        width=max((spot.x + spot.width / 2 for spot in everything), default=0.0),
        height=_top(len(ranks)),
        boxes={name: (spot.x, _middle(spot.rank)) for name, spot in spots.items()},
        lines=[(_through(chain), _label(chain, line)) for chain, line in zip(chains, lines, strict=True)],
    )


def _depths(boxes: Mapping[str, float], lines: Sequence[Line]) -> dict[str, int]:
    depths = dict.fromkeys(boxes, 0)
    for name in boxes:
        depths[name] = max((depths[line.source] + 1 for line in lines if line.target == name), default=0)
    return depths


def _chain(source: _Spot, target: _Spot, line: Line) -> list[_Spot]:
    """The line's two boxes and its waypoints, linked as neighbours."""
    labelled = target.rank - 1 if line.low else source.rank + 1
    between = [_Spot(line.width if rank == labelled else LANE, rank, box=False) for rank in range(source.rank + 1, target.rank)]
    chain = [source, *between, target]
    for upper, lower in pairwise(chain):
        weight = 1.0 if upper.box or lower.box else 8.0  # long lines run straight
        upper.below.append((lower, weight))
        lower.above.append((upper, weight))
    return chain


# --- order -------------------------------------------------------------------------------------------------------------------------


def _put_in_order(ranks: list[list[_Spot]]) -> None:
    best, fewest = [list(rank) for rank in ranks], _crossings(ranks)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for rank in ranks[1:] if downward else ranks[-2::-1]:
            _sort(rank, ranks[rank[0].rank + (-1 if downward else 1)], downward)
        crossings = _crossings(ranks)
        if crossings < fewest:
            best, fewest = [list(rank) for rank in ranks], crossings
    ranks[:] = best


def _sort(rank: list[_Spot], fixed: list[_Spot], downward: bool) -> None:
    places = {id(spot): float(place) for place, spot in enumerate(fixed)}
    own = {id(spot): float(place) for place, spot in enumerate(rank)}

    def barycentre(spot: _Spot) -> float:
        neighbours = [places[id(other)] for other, _ in (spot.above if downward else spot.below)]
        return sum(neighbours) / len(neighbours) if neighbours else own[id(spot)]

    rank.sort(key=barycentre)


def _crossings(ranks: Sequence[Sequence[_Spot]]) -> int:
    count = 0
    for upper, lower in pairwise(ranks):
        places = {id(spot): place for place, spot in enumerate(lower)}
        ends = [places[id(other)] for spot in upper for other in sorted((other for other, _ in spot.below), key=lambda other: places[id(other)])]
        count += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
    return count


# --- place -------------------------------------------------------------------------------------------------------------------------


def _put_in_place(ranks: Sequence[Sequence[_Spot]]) -> None:
    for rank in ranks:
        _settle(rank, [0.0] * len(rank), [1.0] * len(rank))
    for sweep in range(2 * SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            pulls = [[*spot.above, *spot.below] for spot in rank]
            weights = [sum(weight for _, weight in pull) or 1.0 for pull in pulls]
            wanted = [sum(other.x * weight for other, weight in pull) / total if pull else 0.0 for pull, total in zip(pulls, weights, strict=True)]
            _settle(rank, wanted, weights)


def _settle(rank: Sequence[_Spot], wanted: Sequence[float], weights: Sequence[float]) -> None:
    """As near as possible to where each wants to be (least squares), in order and without overlap."""
    offsets = [0.0]
    for left, right in pairwise(rank):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + SPACE)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, total, many = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, heft, count = pools.pop()
            mean, total, many = (mean * total + other * heft) / (total + heft), total + heft, many + count
        pools.append((mean, total, many))
    means = [mean for mean, _, many in pools for _ in range(many)]
    for spot, mean, offset in zip(rank, means, offsets, strict=False):
        spot.x = mean + offset


def _straighten(waypoints: Sequence[_Spot], ranks: Sequence[Sequence[_Spot]]) -> None:
    """Put as many waypoints in a row as there is room for beneath each other: few bends, instead of a small one at every layer."""
    row: list[_Spot] = []
    least, most = -inf, inf
    for spot in waypoints:
        rank = ranks[spot.rank]
        at = next(at for at, other in enumerate(rank) if other is spot)
        low = max([(other.x + (other.width + spot.width) / 2 + SPACE) for other in rank[at - 1 : at]], default=-inf)
        high = min([(other.x - (other.width + spot.width) / 2 - SPACE) for other in rank[at + 1 : at + 2]], default=inf)
        if max(low, least) > min(high, most):
            _align(row, least, most)
            row, least, most = [], -inf, inf
        row, least, most = [*row, spot], max(low, least), min(high, most)
    _align(row, least, most)


def _align(row: Sequence[_Spot], least: float, most: float) -> None:
    if row:
        x = sum(spot.x for spot in row) / len(row)
        for spot in row:
            spot.x = min(max(x, least), most)


# --- lines -------------------------------------------------------------------------------------------------------------------------


def _top(rank: int) -> float:
    return (rank + 1) // 2 * BOX_HEIGHT + rank // 2 * GAP_HEIGHT


def _middle(rank: int) -> float:
    return (_top(rank) + _top(rank + 1)) / 2


def _through(chain: Sequence[_Spot]) -> Sequence[Point]:
    source, *between, target = chain
    points = [(_port(source, source.below, between[0]), _top(source.rank + 1))]
    for spot in between:
        points += [(spot.x, _middle(spot.rank))] if spot.rank % 2 else [(spot.x, _top(spot.rank)), (spot.x, _top(spot.rank + 1))]
    return [*points, (_port(target, target.above, between[-1]), _top(target.rank))]


def _port(box: _Spot, neighbours: Sequence[tuple[_Spot, float]], waypoint: _Spot) -> float:
    """Where on the box's edge a line begins or ends: side by side, in the order of where they go."""
    order = sorted((other.x, other is waypoint) for other, _ in neighbours)
    place = next(place for place, (_, found) in enumerate(order) if found)
    return box.x + box.width * ((place + 1) / (len(order) + 1) - 0.5)


def _label(chain: Sequence[_Spot], line: Line) -> Point:
    spot = chain[-2] if line.low else chain[1]
    return spot.x, _middle(spot.rank)
