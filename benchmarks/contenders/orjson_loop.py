"""Python with orjson, as one would write it: a dictionary of open windows, closed 5 s after their end."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

MINUTE = timedelta(minutes=1)
DISORDER = timedelta(seconds=5)
Windows = dict[datetime, dict[str, list[Any]]]


def rows(window: datetime, unicorns: dict[str, list[Any]]) -> bytes:
    """The rows of a window that has closed."""
    end = f"{window + MINUTE:%Y-%m-%d %H:%M:%S}.000"
    lines = []
    for name, (distance, least_magic, most_magic, least_health, most_health) in unicorns.items():
        row = {
            "Name": name,
            "StatusTime": end,
            "Distance": round(distance),
            "MinMagicPoints": least_magic,
            "MaxMagicPoints": most_magic,
            "MinHealthPoints": least_health,
            "MaxHealthPoints": most_health,
        }
        lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def run(readings: IO[bytes], sinks: list[IO[bytes]]) -> None:
    """Sum up the readings; the end of the input closes all windows."""
    windows: Windows = {}
    watermark = datetime.min  # noqa: DTZ901  (UTC, as the readings' texts are)
    for line in readings:
        reading = orjson.loads(line)
        time = datetime.fromisoformat(reading["StatusTime"])
        window = time.replace(second=0, microsecond=0)
        if window + MINUTE <= watermark:
            continue  # late
        unicorns = windows.setdefault(window, {})
        magic, health = reading["MagicPoints"], reading["HealthPoints"]
        row = unicorns.get(reading["Name"])
        if row is None:
            unicorns[reading["Name"]] = [reading["Distance"], magic, magic, health, health]
        else:
            row[0] += reading["Distance"]
            # Not min and max: a call for each of them takes longer.
            if magic < row[1]:  # noqa: PLR1730
                row[1] = magic
            if magic > row[2]:  # noqa: PLR1730
                row[2] = magic
            if health < row[3]:  # noqa: PLR1730
                row[3] = health
            if health > row[4]:  # noqa: PLR1730
                row[4] = health
        if time - DISORDER > watermark:
            watermark = time - DISORDER
            for closed in [one for one in windows if one + MINUTE <= watermark]:
                emit(rows(closed, windows.pop(closed)), sinks)
    for window, unicorns in windows.items():
        emit(rows(window, unicorns), sinks)


def emit(text: bytes, sinks: list[IO[bytes]]) -> None:
    """Write the rows to each sink."""
    for sink in sinks:
        sink.write(text)


def main(folder: Path, output: Path) -> None:
    """Read each file of the folder."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / "summary_stream").open("wb") as stream, (output / "sensor_data").open("wb") as table:
        for path in sorted(folder.iterdir()):
            with path.open("rb") as readings:
                run(readings, [stream, table])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
