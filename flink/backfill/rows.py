"""Computes the rows of an archive into files: the backfill's SQL in Flink's batch mode, in this process's JVM."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import files
from flink import defaults, distribution, rest
from flink.backfill.archive import Archive, unreadable
from pipeline import statements
from pipeline.job import Job
from program import environment, processes
from program.output import Say
from program.processes import RunError
from program.waiting import Every, wait_until

if TYPE_CHECKING:
    from pyflink.common.completable_future import CompletableFuture

STALL_LIMIT = 900.0  # seconds in which Flink neither reads nor writes a record
CANCEL_LIMIT = 10.0  # seconds for Flink to cancel the job
TOLD_EVERY = 5.0  # seconds between two lines of progress
TALLY = "tally"  # the sink with counts of the archive's lines (pipeline/tables/tally.sql)
_RECORD, _DISTINCT = "RECORD", "DISTINCT"  # kinds of lines that are no errors (pipeline/views/counted.sql)
_MOVING = ("read-records", "write-records")  # metrics of a vertex that grow while it makes progress

Row = Mapping[str, Any]  # a row by its columns: texts, numbers, truth values, None


class Number(Decimal):
    """A number of a row. It compares by its value, and keeps the text that Java wrote.

    JSON files and the DynamoDB sink write a number as the same text: Java's toString of its type, such as 1.0E10.
    """

    text: str

    def __new__(cls, text: str) -> Number:
        made = super().__new__(cls, text)
        made.text = text
        return made


class Stopped(RunError):  # noqa: N818  (raised and read as a state)
    """Ctrl-C stopped the backfill. The text says whether rows were written."""

    exit_code = 130


@dataclass(frozen=True)
class Lines:
    """Counts of the archive's lines by kind, and the first and last event time of its records."""

    kinds: Mapping[str, int]
    oldest: str = ""
    newest: str = ""

    @property
    def records(self) -> int:
        """The number of lines that are records, repeated lines included."""
        return self.kinds.get(_RECORD, 0)

    @property
    def repeated(self) -> int:
        """The number of lines that repeat another line. Equal lines count as a single record."""
        return self.records - self.kinds.get(_DISTINCT, 0)

    @property
    def rejected(self) -> dict[str, int]:
        """The numbers of lines that are no records, by the names of their errors."""
        return {kind: count for kind, count in sorted(self.kinds.items()) if kind not in (_RECORD, _DISTINCT)}

    def __str__(self) -> str:
        """The rejected lines in words."""
        return ", ".join(f"{count:,} {kind}" for kind, count in self.rejected.items()) or "none"


def compute(  # noqa: PLR0913  (the job, its input, its output, how it runs)
    job: Job, archives: Mapping[str, Archive], output: Path, parallelism: int, asked: threading.Event, *, say: Say
) -> tuple[Lines, dict[str, Iterator[Row]]]:
    """Run a backfill job over an archive per source, each sink into a folder of JSON lines below `output`.

    Returns the counts of lines, and the rows of every table. A job without the sink `tally` counts no lines. Raises
    RunError when the job fails or makes no progress, Stopped when `asked` is set.
    """
    scratch = output.with_name(f"{output.name}-scratch")
    scratch.mkdir()
    distribution.use(distribution.jvm(output.with_name("log")), environment.plain())
    port = processes.free_port()
    connectors = {
        **{source: files.source(archives[source].folder) for source in job.sources},
        **{sink: files.sink(output / sink) for sink in job.sinks},
    }
    try:
        tables = statements.environment(defaults.loopback(port) | _batch(parallelism, scratch), batch=True)
        statements.declare(tables, job, connectors)
        if asked.is_set():
            raise Stopped("Stopped: nothing was written.")
        client = statements.inserts(tables, job).execute().get_job_client()
        end = client.get_job_execution_result()
        try:
            _wait(end, rest.Job(f"http://127.0.0.1:{port}", str(client.get_job_id())), asked, say)
        except BaseException:
            client.cancel()
            _ended(end, CANCEL_LIMIT)
            raise
        end.result()
    except distribution.errors() as error:
        broken = next(filter(None, map(unreadable, archives.values())), None)
        raise RunError(broken or f"Flink failed: {distribution.cause(error)}.") from error
    return _lines(_objects(output / TALLY)), {sink: _objects(output / sink) for sink in job.sinks if sink != TALLY}


def _batch(parallelism: int, scratch: Path) -> dict[str, str]:
    return {
        "parallelism.default": str(parallelism),
        # The input does not change, so a failure would come again.
        "restart-strategy.type": "none",
        "io.tmp.dirs": str(scratch.resolve()),
        "metrics.fetcher.update-interval": "1000",
        "taskmanager.memory.network.min": "128m",
        "taskmanager.memory.network.max": "128m",
    }


def _wait(end: CompletableFuture, flink_job: rest.Job, asked: threading.Event, say: Say) -> None:
    """Wait for the end of the batch, and print progress. Raises RunError without progress, Stopped."""
    every, moved = Every(TOLD_EVERY), time.monotonic()
    before: Any = None
    said = ""
    while not _ended(end, 0):
        if asked.wait(0.2):
            raise Stopped("Stopped: nothing was written.")
        if not every.is_due():
            continue
        now = time.monotonic()
        with suppress(rest.RestError):  # while Flink starts or ends
            vertices = flink_job.get("")["vertices"]
            state = [(vertex["status"], *(vertex["metrics"][name] for name in _MOVING)) for vertex in vertices]
            if state != before:
                before, moved = state, now
            read = f"read {flink_job.source().records:,} lines"
            text = "all read, adding up" if vertices[0]["status"] == "FINISHED" else read
            if text != said:
                said = text
                say(text)
        if now - moved > STALL_LIMIT:
            raise RunError(f"Flink has stood still for {STALL_LIMIT:.0f} s: nothing was written, try it again.")


def _ended(end: CompletableFuture, seconds: float) -> bool:
    return bool(wait_until(end.done, seconds, 0.1))


def _lines(tally: Iterable[Row]) -> Lines:
    """The counts of the batch's sink `tally`, which has no row for a kind without lines."""
    rows = {row["kind"]: row for row in tally}
    records = rows.get(_RECORD, {})
    kinds = {kind: int(row["lines"]) for kind, row in rows.items()}
    return Lines(kinds, records.get("oldest") or "", records.get("newest") or "")


def _objects(folder: Path) -> Iterator[Row]:
    """The JSON objects that a sink wrote, file by file."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        with path.open("rb") as file:
            for line in file:
                yield json.loads(line, parse_int=Number, parse_float=Number)


def cores() -> int:
    """A parallelism: this process's cores, up to four, as files are read in sequence, and subtasks share the memory."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
