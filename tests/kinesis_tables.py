"""Tables of the project's Kinesis connector, as users declare them in SQL, and their rows."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flink import defaults, rest
from local import emulator
from pipeline import statements
from program import processes
from tests.emulated import answers, submitted, wait_for

COLUMNS = """
    line BYTES,
    arrival TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    shard STRING METADATA FROM 'shard-id' VIRTUAL,
    sequence_number STRING METADATA FROM 'sequence-number' VIRTUAL,
    partition_key STRING METADATA FROM 'partition-key' VIRTUAL,
    number INT METADATA FROM 'sub-sequence-number' VIRTUAL,
    part STRING METADATA VIRTUAL
"""
ROW = (
    "DECODE(line, 'ISO-8859-1') AS line, DATE_FORMAT(arrival, 'yyyy-MM-dd HH:mm:ss.SSS') AS arrival, shard, "
    "sequence_number, partition_key, number, part"
)
ROW_TYPES = (
    "line STRING, arrival STRING, shard STRING, sequence_number STRING, partition_key STRING, number INT, part STRING"
)

ENDED = -2  # the lag of a shard that was read to its end


@dataclass(frozen=True, order=True)
class Row:
    """A row of the table: its content as Latin-1, one character a byte, and all metadata of the source."""

    line: str
    arrival: str
    shard: str
    sequence_number: str
    partition_key: str
    number: int
    part: str | None


def options(endpoint: str, stream: str, **more: str) -> dict[str, str]:
    """The options of a table that reads a stream from its beginning; `more` with `__` for `.`."""
    named = {name.replace("__", "."): value for name, value in more.items()}
    return {
        "connector": "kinesis",
        "stream": stream,
        "aws.region": emulator.REGION,
        "aws.endpoint": endpoint,
        "source.init.position": "TRIM_HORIZON",
        "source.shard.discovery.interval": "1 s",
        "format": "raw",
        **named,
    }


def declare(environment: Any, name: str, columns: str, options_: Mapping[str, str]) -> None:
    clause = ", ".join(f"'{key}' = '{value}'" for key, value in options_.items())
    environment.execute_sql(f"CREATE TEMPORARY TABLE {name} ({columns}) WITH ({clause})")


def environment(configuration: Mapping[str, str]) -> Any:
    return statements.environment({"table.local-time-zone": "UTC", "pipeline.object-reuse": "true", **configuration})


@dataclass(frozen=True)
class Query:
    """What a job reads from a table, and writes to files. columns: of the table; types: of the files' columns."""

    columns: str
    select: str
    types: str


ROWS = Query(COLUMNS, f"SELECT {ROW} FROM records", ROW_TYPES)  # noqa: S608


@dataclass(frozen=True)
class Reading:
    """A job that reads a stream into files, which it completes with each checkpoint."""

    job: rest.Job
    folder: Path

    def written(self) -> list[dict[str, Any]]:
        """The rows of complete files, by column."""
        files = sorted(path for path in self.folder.rglob("part-*") if path.is_file())
        return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]

    def rows(self) -> list[Row]:
        """The rows of ROWS."""
        return [Row(**row) for row in self.written()]

    def wait_for_rows(self, count: int, seconds: float = 60) -> list[Row]:
        wait_for(lambda: len(self.rows()) >= count, seconds, f"{count} rows")
        return self.rows()

    def metrics(self, *names: str) -> dict[str, dict[str, float]]:
        """The source's metrics with these last names, each by its whole name, once Flink has collected them."""
        (vertex, *_others) = (vertex["id"] for vertex in self.job.get("")["vertices"])
        self.job.get(f"/vertices/{vertex}/metrics")  # makes Flink collect them
        time.sleep(1)
        listed = [metric["id"] for metric in self.job.get(f"/vertices/{vertex}/metrics")]
        found: dict[str, dict[str, float]] = {}
        for name in names:
            wanted = [id_ for id_ in listed if id_.endswith(f".{name}") and "Source__" in id_]
            values = self.job.get(f"/vertices/{vertex}/metrics?get={urllib.parse.quote(','.join(wanted), safe=',')}")
            found[name] = {metric["id"]: float(metric["value"]) for metric in values}
        return found

    def wait_until_at_the_tip(self, shards: int) -> None:
        """Wait until each of so many open shards is read to its newest record."""

        def are_read() -> bool:
            behind = self.metrics("millisBehindLatest")["millisBehindLatest"].values()
            return [lag for lag in behind if lag != ENDED] == [0] * shards

        wait_for(are_read, 60, "all shards were read")

    def stop(self) -> str:
        """End the job with a savepoint, and return its address."""
        return self.job.stop(60, str(self.folder.parent / "savepoints"))


@contextmanager
def reading(
    folder: Path,
    table: Mapping[str, str],
    parallelism: int = 1,
    configuration: Mapping[str, str] | None = None,
    checkpoint: float = 0.3,
    *,
    ready: bool = True,
    query: Query = ROWS,
) -> Iterator[Reading]:
    """A job that reads a stream into `folder`/rows on a minicluster; it is cancelled at the end, if it still runs.

    table: the options of the table `records`, which the query reads.
    checkpoint: seconds between checkpoints. ready: whether to wait until the job runs.
    """
    port = processes.free_port()
    made = environment(
        {
            **defaults.configuration(folder, checkpoint),
            **defaults.loopback(port),
            "execution.checkpointing.min-pause": "0 ms",
            "restart-strategy.exponential-delay.initial-backoff": "200 ms",
            "parallelism.default": str(parallelism),
            "metrics.fetcher.update-interval": "500",
            # Another parallelism chains operators differently, and must still match its state.
            "table.exec.uid.generation": "ALWAYS",
            "table.exec.uid.format": "<type>_<transformation>",
            "taskmanager.memory.network.min": "64m",
            "taskmanager.memory.network.max": "64m",
            **(configuration or {}),
        }
    )
    declare(made, "records", query.columns, table)
    declare(
        made,
        "files",
        query.types,
        {
            **{"connector": "filesystem", "path": (folder / "rows").as_uri(), "format": "json"},
            **{f"sink.rolling-policy.{name}-interval": "50 ms" for name in ("rollover", "check")},
        },
    )
    inserted = made.execute_sql(f"INSERT INTO files {query.select}")
    with submitted(inserted, port) as job:
        wait_for(lambda: answers(job.is_running if ready else lambda: bool(job.state())), 60, "the job is there")
        yield Reading(job, folder / "rows")


def first(made: Any, query: str, count: int, seconds: float = 60) -> list[tuple[Any, ...]]:
    """The first rows of an endless query, which is then cancelled."""
    rows: list[tuple[Any, ...]] = []
    with made.execute_sql(query).collect() as found:

        def collect() -> None:
            for row in found:
                rows.append(tuple(row))
                if len(rows) == count:
                    return

        thread = threading.Thread(target=collect, daemon=True)
        thread.start()
        thread.join(seconds)
        assert len(rows) == count, f"{len(rows)} of {count} rows within {seconds:.0f} s"
    return rows
