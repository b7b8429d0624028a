"""What a row costs in other jobs: sliding windows, OVER, top-k, a temporal join, stagger, a forest, hotspots.

One slot, files, a JVM that is warm: each query runs over a small and a large file, and the slope between them is what a
further row costs. The results on the small file are compared with DuckDB's, those of hotspots with the model of KDA.
The scores of a forest are compared with AWS's library by tests; here each row must have one.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import Size, one_slot, processes
from benchmarks.figures import Spread, slope
from benchmarks.plots import Bars
from benchmarks.tables import Table, Unequal
from benchmarks.turns import Load
from kda.model import hotspots
from program import environment
from program.formats import share
from program.output import Say

NAME = "other_jobs"

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES, STEP_MS, SEED = 100, 10, 7
PRICED = 100  # readings between two changes of a price
LEAST = 0.1  # CPU µs a row; what seems to be less is noise
LIMIT = 900.0  # seconds for all runs
ROUNDS = {Size.FULL: 3, Size.QUICK: 1}


@dataclass(frozen=True)
class Query:
    """A query of benchmarks/queries. slow: it takes fewer rows."""

    name: str
    what: str
    slow: bool = False

    def sizes(self, size: Size) -> tuple[int, int]:
        """The rows of the small and of the large file."""
        if size is Size.QUICK:
            return (200, 400) if self.slow else (2000, 4000)
        return (5000, 45_000) if self.slow else (100_000, 1_600_000)


QUERIES = (
    Query("reading", "reading the rows, nothing else"),
    Query("sliding", "sliding windows: a minute every 10 s"),
    Query("over", "sum OVER the minute before"),
    Query("top", "top 3 of a minute"),
    Query("temporal", "temporal join with versions of prices"),
    Query("stagger", "stagger windows of a minute"),
    Query("forest", "random cut forest: 100 trees of 256 points, two numbers", slow=True),
    Query("hotspots", "hotspots among 200 points", slow=True),
)


def measure(size: Size, say: Say) -> list[Table]:
    """CPU time and rows a second of each query on one slot."""
    rounds = ROUNDS[size]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        files = {count: _files(folder, count) for query in QUERIES for count in query.sizes(size)}
        checks = [_one(query, files[query.sizes(size)[0]], folder / query.name) for query in QUERIES]
        turns = [
            _one(query, files[count])
            for number in range(rounds)
            for query in [*QUERIES[-number % len(QUERIES) :], *QUERIES[: -number % len(QUERIES)]]
            for count in query.sizes(size)
        ]
        say(f"{len(checks)} runs to compare, {len(turns)} in turn")
        load = Load()
        used = _used(folder, checks + turns)
        foreign = load.foreign()
        for query in QUERIES:
            _require_equal(query, Path(files[query.sizes(size)[0]]["readings"]), folder)
    found = list(zip(turns, used[len(checks) :], strict=True))
    rows, raw = [], {}
    for query in QUERIES:
        small, large = query.sizes(size)
        runs = [[one for run, one in found if run == _one(query, files[count])] for count in (small, large)]
        cpu, wall = (
            [1e6 * slope(low[key], high[key], (small, large)) for low, high in zip(*runs, strict=True)]
            for key in ("cpu_s", "wall_s")
        )
        raw[query.name] = {"cpu_us": cpu, "wall_us": wall, "sizes": [small, large]}
        rates = [1e6 / value for value in cpu if value > LEAST]
        rows.append((query.what, Spread.of(cpu), Spread.of(wall), Spread.of(rates) if rates else None))
    notes = [
        f"{NAMES} names, one slot, a warm JVM, files of JSON; the cost of reading is in each figure. "
        f"Slope between two sizes; rounds in turn: {rounds}. Rows that come out are dropped.",
        "Results on the small file equal DuckDB's, those of hotspots the model of KDA; of the forest only the rows are "
        "compared, as its scores are AWS's library's by other tests.",
        *([f"Other processes used {share(foreign)} of the machine's CPU time."] if size is Size.FULL else []),
    ]
    plot = Bars("rows a second and core", {row[0]: row[3] for row in rows if row[3] is not None})
    columns = ("job", "CPU µs a row", "wall µs a row", "rows a second and core")
    return [Table(NAME, "What a row costs in other jobs", columns, rows, notes, plot, raw)]


def _one(query: Query, files: dict[str, str], rows: Path | None = None) -> dict[str, Any]:
    return {"name": query.name, **files, "rows": None if rows is None else str(rows)}


def _used(folder: Path, runs: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    (folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.one_slot", str(folder)]
    processes.run(command, environment=environment.plain(), limit=LIMIT)
    found: list[dict[str, float]] = json.loads((folder / "used.json").read_text(encoding="utf-8"))
    return found


def _files(folder: Path, count: int) -> dict[str, str]:
    """Readings in the order of their times, and prices that change."""
    found = {}
    for name, made in (("readings", _readings(count)), ("prices", _prices(count))):
        path = folder / f"{name}-{count}.json"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in made), encoding="utf-8")
        found[name] = str(path)
    return found


def _time(number: int) -> str:
    return f"{BEGIN + timedelta(milliseconds=STEP_MS * number):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _readings(count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(SEED)  # noqa: S311  (seeded, so that it can be repeated)
    for number in range(count):
        x, y = round(dice.gauss(), 3), round(dice.gauss(), 3)
        name = f"name-{dice.randrange(NAMES)}"
        yield {"id": number, "name": name, "amount": dice.randrange(1000), "x": x, "y": y, "t": _time(number)}


def _prices(count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(SEED + 1)  # noqa: S311
    for number in range(0, count, PRICED):
        yield {"name": f"name-{dice.randrange(NAMES)}", "price": number, "t": _time(number)}


def _require_equal(query: Query, readings: Path, folder: Path) -> None:
    """Raises Unequal."""
    there = duckdb.connect()
    there.read_json(str(readings), format="newline_delimited").create_view("readings")
    prices = readings.with_name(readings.name.replace("readings", "prices"))
    there.read_json(str(prices), format="newline_delimited").create_view("prices")
    rows = there.read_json(str(folder / query.name / "**" / "*"), format="newline_delimited")
    found = sorted(map(str, rows.fetchall()))
    if query.name == "forest":
        count = len(there.view("readings"))
        is_equal = len(found) == count == len(rows.project("id").distinct().filter("id IS NOT NULL"))
        is_equal = is_equal and len(rows.filter("score >= 0")) == count
    elif query.name == "hotspots":
        points = there.view("readings").order("t").project("x, y").fetchall()
        spots = hotspots.results(points, 200, 0.2, 10)
        is_equal = found == sorted(str((number, text)) for number, text in enumerate(spots))
    else:
        is_equal = found == sorted(map(str, there.sql(one_slot.query(f"{query.name}.duckdb")).fetchall()))
    if not is_equal:
        raise Unequal(f"The rows of benchmarks/queries/{query.name}.sql are not those of the other computation.")
