"""Pathway with its windows of event time, over a file to its end, one worker."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pathway as pw

TIME = "%Y-%m-%d %H:%M:%S.%3f"


class Reading(pw.Schema):  # type: ignore[misc] # mypy does not see Pathway
    """The columns of a reading."""

    Name: str
    StatusTime: str
    Distance: float
    MagicPoints: int
    HealthPoints: int


def main(folder: Path, output: Path) -> None:
    """Sum up the readings of the folder's files."""
    output.mkdir(parents=True, exist_ok=True)
    read = pw.io.jsonlines.read(str(folder), schema=Reading, mode="static")
    readings = read.with_columns(time=read.StatusTime.dt.strptime("%Y-%m-%d %H:%M:%S.%f"))
    windows = readings.windowby(
        readings.time, window=pw.temporal.tumbling(duration=timedelta(minutes=1)), instance=readings.Name
    )
    summary = windows.reduce(
        Name=pw.this._pw_instance,
        StatusTime=pw.this._pw_window_end.dt.strftime(TIME),
        Distance=pw.apply(round, pw.reducers.sum(pw.this.Distance)),
        MinMagicPoints=pw.reducers.min(pw.this.MagicPoints),
        MaxMagicPoints=pw.reducers.max(pw.this.MagicPoints),
        MinHealthPoints=pw.reducers.min(pw.this.HealthPoints),
        MaxHealthPoints=pw.reducers.max(pw.this.HealthPoints),
    )
    for sink in ("summary_stream", "sensor_data"):
        pw.io.jsonlines.write(summary, str(output / sink))
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
