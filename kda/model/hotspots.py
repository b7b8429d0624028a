"""HOTSPOTS, from the definition in docs/hotspots.md: each pair of points is compared, for each row anew.

Flink's function computes the same figures in the same order of operations, so that each digit is equal.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kda.model.values import text

Point = Sequence[float]


@dataclass(frozen=True)
class Hotspot:
    """A dense region. members: the numbers of its points in the window; the box is that of the points."""

    density: float
    minimums: tuple[float, ...]
    maximums: tuple[float, ...]
    members: frozenset[int]

    def written(self) -> str:
        """Its JSON, with numbers as Java writes them."""
        least, most = (",".join(map(text, values)) for values in (self.minimums, self.maximums))
        return f'{{"density":{text(self.density)},"minValues":[{least}],"maxValues":[{most}]}}'


def hotspots(points: Sequence[Point], radius: float, minimum: int) -> list[Hotspot]:
    """The hotspots among these points, densest first."""
    near = [{k for k, other in enumerate(points) if _is_near(point, other, radius)} for point in points]
    dense = {number for number in range(len(points)) if len(near[number]) >= minimum}
    groups: list[set[int]] = []
    while left := dense.difference(*groups):
        group = {min(left)}
        while more := set().union(*(near[number] & dense for number in group)) - group:
            group |= more
        groups.append(group)
    found = [_hotspot(points, frozenset().union(*(near[number] for number in group)), radius) for group in groups]
    return sorted(found, key=lambda spot: (-spot.density, spot.minimums, spot.maximums))


def results(rows: Iterable[Sequence[float | None]], window: int, radius: float, minimum: int) -> Iterator[str | None]:
    """HOTSPOTS_RESULT of each row of a partition, in the order of the rows; None for a row that is no point."""
    points: deque[Point] = deque(maxlen=window)
    for row in rows:
        point = [float(value) + 0.0 for value in row if value is not None and math.isfinite(value)]
        if len(point) < len(row):
            yield None
            continue
        points.append(point)
        found = ",".join(spot.written() for spot in hotspots(points, radius, minimum))
        yield f'{{"hotspots":[{found}]}}'


def _is_near(point: Point, other: Point, radius: float) -> bool:
    total = 0.0
    for first, second in zip(point, other, strict=True):
        total += (first - second) * (first - second)
    return total <= radius * radius


def _hotspot(points: Sequence[Point], members: frozenset[int], radius: float) -> Hotspot:
    columns = list(zip(*(points[number] for number in members), strict=True))
    least, most = tuple(map(min, columns)), tuple(map(max, columns))
    density = float(len(members))
    for low, high in zip(least, most, strict=True):
        density /= max(high - low, radius)
    return Hotspot(min(density, sys.float_info.max), least, most, members)
