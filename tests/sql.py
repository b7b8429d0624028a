"""Run the job's very SQL over lines on disk and read what came out; what SQL-level tests are written with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flink import defaults

DAY = "2026-11-22 "
ARRIVAL = datetime(2026, 11, 23, tzinfo=UTC)  # of all lines: a file's own time


def reading(name: str, time: str, distance: float = 30, magic: int = 150, health: int = 150) -> bytes:
    """A record as the producer writes it, at a time of one day, without its newline."""
    document = {
        "Distance": distance,
        "HealthPoints": health,
        "Latitude": 40.749167,
        "Longitude": -73.985184,
        "MagicPoints": magic,
        "Name": name,
        "StatusTime": DAY + time,
    }
    return json.dumps(document).encode()


@dataclass(frozen=True)
class Outcome:
    """What the job wrote: rows of both sinks and errors, as JSON objects."""

    stream: list[dict[str, Any]]
    table: list[dict[str, Any]]
    errors: list[dict[str, Any]]


def run(
    lines: Sequence[bytes] | Mapping[str, Sequence[bytes]],
    folder: Path,
    parallelism: int = 1,
    launcher: Mapping[str, str] | None = None,
    job: str = "unicorn_summary",
) -> Outcome:
    """Run the whole job over these lines (or files of lines, each standing for a shard) to its end.

    Streaming mode, as in production; the end of the input closes all windows. Warm-up is off, because it is time on
    the wall clock, and a file is read in no time.
    """
    import main  # noqa: PLC0415  (imports PyFlink, which needs the fixture `jvm` first)

    files = lines if isinstance(lines, Mapping) else {"shard": lines}
    source = folder / "in"
    source.mkdir(parents=True)
    for name, content in files.items():
        (source / name).write_bytes(b"".join(line + b"\n" for line in content))
        os.utime(source / name, (ARRIVAL.timestamp(),) * 2)
    properties = folder / "application_properties.json"
    place = {"input": str(source), "output": str(folder / "out")}
    properties.write_text(
        json.dumps(
            [
                {"PropertyGroupId": "job", "PropertyMap": {"name": job}},
                {"PropertyGroupId": "files", "PropertyMap": place},
            ]
        )
    )
    configuration = {
        **defaults.loopback(0),
        "parallelism.default": str(parallelism),
        "pipeline.global-job-parameters": "shard_watermark.warm_up:0",
        "restart-strategy.type": "none",
        **(launcher or {}),
    }
    main.submit(properties, configuration).wait()
    return Outcome(*(_objects(folder / "out" / sink) for sink in ("summary_stream", "sensor_data", "error_stream")))


def _objects(folder: Path) -> list[dict[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]
