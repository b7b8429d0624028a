"""Bytewax with its own windows of event time, orjson for JSON, one worker."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.testing import run_main

ALIGNED = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """A reading by its unicorn."""
    reading = orjson.loads(line)
    reading["StatusTime"] = datetime.fromisoformat(reading["StatusTime"]).replace(tzinfo=UTC)
    return reading["Name"], reading


def time_of(reading: dict[str, Any]) -> datetime:
    """Its event time."""
    time: datetime = reading["StatusTime"]
    return time


def empty() -> list[Any]:
    """The sum and the extremes of no reading."""
    return [0.0, None, None, None, None]


def added(total: list[Any], reading: dict[str, Any]) -> list[Any]:
    """The same with one more reading."""
    magic, health = reading["MagicPoints"], reading["HealthPoints"]
    if total[1] is None:
        return [reading["Distance"], magic, magic, health, health]
    total[0] += reading["Distance"]
    total[1], total[2] = min(total[1], magic), max(total[2], magic)
    total[3], total[4] = min(total[3], health), max(total[4], health)
    return total


def merged(one: list[Any], other: list[Any]) -> list[Any]:
    """Two windows as one; windows that tumble are never merged."""
    return [
        one[0] + other[0],
        min(one[1], other[1]),
        max(one[2], other[2]),
        min(one[3], other[3]),
        max(one[4], other[4]),
    ]


def row(keyed: tuple[str, tuple[int, list[Any]]]) -> tuple[str, str]:
    """A line of JSON; the number of a window counts from ALIGNED."""
    name, (window, (distance, least_magic, most_magic, least_health, most_health)) = keyed
    columns = {
        "Name": name,
        "StatusTime": f"{ALIGNED + (window + 1) * MINUTE:%Y-%m-%d %H:%M:%S}.000",
        "Distance": round(distance),
        "MinMagicPoints": least_magic,
        "MaxMagicPoints": most_magic,
        "MinHealthPoints": least_health,
        "MaxHealthPoints": most_health,
    }
    return name, orjson.dumps(columns).decode()


def flow(readings: Path, output: Path) -> Dataflow:
    """From the file to two files."""
    made = Dataflow("unicorn_summary")
    lines = op.input("readings", made, FileSource(readings, batch_size=1000))
    keyed = op.map("parse", lines, parsed)
    clock = EventClock(time_of, wait_for_system_duration=timedelta(seconds=5))
    windows = fold_window(
        "windows", keyed, clock, TumblingWindower(align_to=ALIGNED, length=MINUTE), empty, added, merged
    )
    rows = op.map("row", windows.down, row)
    for sink in ("summary_stream", "sensor_data"):
        op.output(sink, rows, FileSink(output / sink))
    return made


if __name__ == "__main__":
    (file,) = Path(sys.argv[1]).iterdir()
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    run_main(flow(file, Path(sys.argv[2])))
