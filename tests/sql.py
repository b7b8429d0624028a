"""Run the job's own SQL over lines on disk and read its outputs; the base of the tests of SQL."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flink import trial

DAY = "2026-11-22 "
SLOTS = 4  # the highest parallelism of a job in `run`
ARRIVAL = datetime(2026, 11, 23, tzinfo=UTC)  # of all lines: a file's modification time


def reading(name: str, time: str, distance: float = 30, magic: int = 150, health: int = 150) -> bytes:
    """A record in the producer's format, at a time of one day, without its newline."""
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
    """The job's outputs: rows of both sinks and errors, as JSON objects."""

    stream: list[dict[str, Any]]
    table: list[dict[str, Any]]
    errors: list[dict[str, Any]]


@cache
def here() -> Mapping[str, str]:
    """The options to run a job in a Flink that the tests' JVM keeps until its end.

    Otherwise each job starts its own Flink, which takes about as long as the job.
    """
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415  (needs the fixture `jvm` first)

    java: Any = get_gateway().jvm
    configuration = java.org.apache.flink.configuration.Configuration()
    for name, value in trial.CONFIGURATION.items():
        configuration.setString(name, value)
    place = java.org.apache.flink.runtime.minicluster
    size = place.MiniClusterConfiguration.Builder().setConfiguration(configuration).setNumSlotsPerTaskManager(SLOTS)
    flink = place.MiniCluster(size.build())
    flink.start()
    address = flink.getRestAddress().get()
    return {"execution.target": "remote", "rest.address": address.getHost(), "rest.port": str(address.getPort())}


def run(
    lines: Sequence[bytes] | Mapping[str, Sequence[bytes]],
    folder: Path,
    parallelism: int = 1,
    launcher: Mapping[str, str] | None = None,
    job: str = "unicorn_summary",
) -> Outcome:
    """Run the whole job over these lines (or files of lines, each as a shard) to its end.

    As in `flink.trial`: streaming mode, as in production; the end of the input closes all windows.
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
    more = {"parallelism.default": str(parallelism), **(launcher or {})}
    configuration = {**trial.CONFIGURATION, **here(), **more}
    main.submit(properties, configuration).wait()
    return Outcome(*(_objects(folder / "out" / sink) for sink in ("summary_stream", "sensor_data", "error_stream")))


def _objects(folder: Path) -> list[dict[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]
