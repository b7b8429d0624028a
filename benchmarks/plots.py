"""Plots as SVG: bars, and lines with both axes by powers of ten or evenly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from benchmarks.figures import Spread, number

WIDTH = 720  # pixels
LEFT = 210  # of the names of bars
SIDE = 64  # of the numbers of an axis
ROW = 30
PLOT_HEIGHT = 300
COLOURS = ("#2f6f9f", "#c4572d", "#4f8a3c", "#7a55a3", "#9a7b1f", "#5c5c5c")
STYLE = (
    ".ground{fill:#fff}text{fill:#222}.grid{stroke:#ddd}.range{stroke:#222;stroke-width:1.5}"
    ".line{fill:none;stroke-width:2}.bar{fill:#2f6f9f}.marked{fill:#c4572d}.small{font-size:12px;fill:#555}"
)


class Plot(Protocol):
    """What can be drawn."""

    def svg(self, title: str) -> str:
        """The picture as a whole file."""
        ...


@dataclass(frozen=True)
class Bars:
    """A bar for each name, as long as the median, with a line from minimum to maximum. marked: has another colour."""

    unit: str
    values: Mapping[str, Spread]
    marked: str | None = None

    def svg(self, title: str) -> str:
        """The picture, the bars in the order of the values."""
        longest = max((spread.maximum for spread in self.values.values()), default=0) or 1
        scale = (WIDTH - LEFT - 130) / longest
        lines = [f'<text x="12" y="46" class="small">{escape(self.unit)}</text>']
        for at, (name, spread) in enumerate(self.values.items()):
            top = 60 + at * ROW
            kind = "marked" if name == self.marked else "bar"
            end = LEFT + spread.maximum * scale
            lines += [
                f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{spread.median * scale:.1f}" height="20"/>',
                f'<path class="range" d="M{LEFT + spread.minimum * scale:.1f} {top + 10}H{end:.1f}"/>',
                f'<text x="{end + 6:.1f}" y="{top + 15}">{number(spread.median)}</text>',
            ]
        return _file(title, 70 + len(self.values) * ROW, lines)


@dataclass(frozen=True)
class Lines:
    """A line for each name through its points (x, y). by_tens: the axes whose steps are powers of ten."""

    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    by_tens: Sequence[str] = ()

    def svg(self, title: str) -> str:
        """The picture. Raises ValueError for a value of 0 or less on an axis of powers of ten."""
        points = [point for line in self.series.values() for point in line] or [(0.0, 0.0)]
        top, bottom = 60, 60 + PLOT_HEIGHT
        across = _Axis([x for x, _ in points], SIDE, WIDTH - 40, by_tens="x" in self.by_tens)
        up = _Axis([y for _, y in points], bottom, top, by_tens="y" in self.by_tens)
        lines = [f'<text x="12" y="46" class="small">{escape(self.y)}</text>']
        for mark in up.marks:
            lines += [
                f'<path class="grid" d="M{SIDE} {up(mark):.1f}H{WIDTH - 40}"/>',
                f'<text x="{SIDE - 6}" y="{up(mark) + 4:.1f}" text-anchor="end" class="small">{number(mark)}</text>',
            ]
        lines += [
            f'<text x="{across(mark):.1f}" y="{bottom + 18}" text-anchor="middle" class="small">{number(mark)}</text>'
            for mark in across.marks
        ]
        lines.append(
            f'<text x="{WIDTH - 40}" y="{bottom + 36}" text-anchor="end" class="small">{escape(self.x)}</text>'
        )
        for at, (name, line) in enumerate(self.series.items()):
            colour, legend = COLOURS[at % len(COLOURS)], bottom + 58 + at * 20
            path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
            lines += [
                f'<polyline class="line" stroke="{colour}" points="{path}"/>',
                *(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in line),
                f'<path class="line" stroke="{colour}" d="M{SIDE} {legend - 4}h24"/>',
                f'<text x="{SIDE + 32}" y="{legend}">{escape(name)}</text>',
            ]
        return _file(title, bottom + 58 + len(self.series) * 20, lines)


class _Axis:
    """Places of values in pixels, and the values that the axis names."""

    def __init__(self, values: Sequence[float], begin: float, end: float, *, by_tens: bool) -> None:
        self._scale: Callable[[float], float] = math.log10 if by_tens else float
        if by_tens:
            low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
            self.marks = [10.0**power for power in range(low, max(high, low + 1) + 1)]
        else:
            step = _step(max(values))
            self.marks = [step * count for count in range(math.ceil(max(values) / step) + 1)]
        self._first, self._last = self._scale(self.marks[0]), self._scale(self.marks[-1])
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        share = (self._scale(value) - self._first) / (self._last - self._first)
        return self._begin + share * (self._end - self._begin)


def _step(most: float) -> float:
    """The distance of two marks: 1, 2 or 5 times a power of ten, so that there are at most six."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most / 5))
    return next(power * times for times in (1, 2, 5, 10) if power * times * 5 >= most)


def _file(title: str, height: float, lines: Sequence[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" font-family="sans-serif" font-size="14">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            '<rect class="ground" width="100%" height="100%"/>',
            f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>',
            *lines,
            "</svg>",
            "",
        ]
    )
