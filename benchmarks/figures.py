"""Figures of several rounds: minimum, median, maximum, and the slope between two sizes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum of the same figure in several rounds."""

    minimum: float
    median: float
    maximum: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of these values. Raises ValueError for none."""
        found = list(values)
        if not found:
            raise ValueError("a spread needs a value")
        return cls(min(found), statistics.median(found), max(found))

    def __str__(self) -> str:
        """The median, and the others in brackets if they differ as shown: 5.2 (4.9 to 5.6)."""
        least, middle, most = map(number, (self.minimum, self.median, self.maximum))
        return middle if least == most else f"{middle} ({least} to {most})"


def slope(small: float, large: float, sizes: tuple[int, int]) -> float:
    """What each further item costs: the difference of two runs by the difference of their sizes, without the start.

    small, large: the figures of the runs over sizes[0] and sizes[1] items. In their unit per item.
    """
    return (large - small) / (sizes[1] - sizes[0])


def slopes(small: Sequence[float], large: Sequence[float], sizes: tuple[int, int]) -> list[float]:
    """The slope of each round. Raises ValueError if a round lacks a size."""
    return [slope(low, high, sizes) for low, high in zip(small, large, strict=True)]


def number(value: float) -> str:
    """A figure for people, with three digits that count, and never fewer than the whole number has.

    0.123, 5.2, 17.4, 1,204.
    """
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 1:
        return f"{value:.2f}"
    return f"{value:.3g}"
