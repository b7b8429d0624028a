"""What the function hotspots costs a row, by window and coordinates, with its state on RocksDB: docs/hotspots.md.

    python -m tests.hotspots_cost

Each figure is the time of a run with the function, less that of the same rows without it, by the rows. With it comes
the order of the rows, which is state too.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flink import trial
from tests import hotspots
from tests.hotspots import Arguments, Row

COUNT = 100_000
DENSE = 0.017  # of a window: the points that make a point dense


def rows(dimensions: int, share: float) -> Iterator[Row]:
    """A share of the points in a hotspot, the others anywhere."""
    drawn = random.Random(dimensions)
    for number in range(COUNT):
        is_hot = drawn.random() < share
        spread = 0.3 / dimensions**0.5
        point = tuple(drawn.gauss(5, spread) if is_hot else drawn.random() * 10 for _each in range(dimensions))
        yield Row(number, number, "", point)


def seconds(tables: Any, query: str) -> float:
    begin = time.monotonic()
    tables.execute_sql(f"INSERT INTO nowhere {query}").wait()
    return time.monotonic() - begin


def cost(dimensions: int, share: float, windows: tuple[int, ...]) -> Iterator[float]:
    """Microseconds a row, for each window."""
    with tempfile.TemporaryDirectory() as folder:
        tables = hotspots.environment({"state.backend.type": "rocksdb"})
        hotspots.declare(tables, Path(folder, "in"), [list(rows(dimensions, share))], "INTERVAL '0.001' SECOND")
        sink = "CREATE TEMPORARY TABLE nowhere (n BIGINT, r STRING, x DOUBLE) WITH ('connector' = 'blackhole')"
        tables.execute_sql(sink)
        last = f"x{dimensions - 1}"  # so that all columns are read
        plain = f"SELECT n, k, {last} FROM points"  # noqa: S608
        seconds(tables, plain)  # the first run compiles
        bare = min(seconds(tables, plain) for _each in range(2))
        for window in windows:
            call = hotspots.call(Arguments(window, 0.4, max(2, int(window * DENSE))), dimensions, "")
            taken = seconds(tables, f"SELECT n, HOTSPOTS_RESULT, {last} FROM {call}")  # noqa: S608
            yield (taken - bare) / COUNT * 1e6


def main() -> None:
    """Print the table."""
    windows = (100, 1_000, 10_000)
    with tempfile.TemporaryDirectory() as folder, trial.started(Path(folder)):
        print("| Coordinates | In hotspots | " + " | ".join(f"Window {window:,}" for window in windows) + " |")
        for dimensions, share in ((1, 0.2), (2, 0.2), (10, 0.2), (2, 1.0)):
            figures = " | ".join(f"{figure:.0f} µs" for figure in cost(dimensions, share, windows))
            print(f"| {dimensions} | {share:.0%} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
