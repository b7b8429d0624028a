"""The rows of an archive: the backfill's SQL in Flink's batch mode, in this process's JVM, into files."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import files
from flink import distribution, durable, rest
from flink.backfill.archive import Archive, unreadable
from flink.backfill.table import Row
from pipeline import statements
from pipeline.job import Job, load
from program import environment, processes
from program.output import Say
from program.processes import RunError
from program.waiting import Every, wait_until

if TYPE_CHECKING:
    from pyflink.common.completable_future import CompletableFuture

BACKFILL = load("unicorn_summary").backfill()

STALL_LIMIT = 900.0  # seconds in which Flink neither reads nor writes a record
CANCEL_LIMIT = 10.0  # seconds for Flink to end when asked to
TOLD_EVERY = 5.0  # seconds between two lines of progress
_MOVING = ("read-records", "write-records")  # metrics of a vertex that stand still when it does


class Stopped(RunError):  # noqa: N818  (raised and read as a state)
    """Ctrl-C; the text says how far it came."""

    exit_code = 130


@dataclass(frozen=True)
class Lines:
    """What the archive holds: its lines by kind, and the first and last event time of its readings."""

    kinds: Mapping[str, int]
    oldest: str = ""
    newest: str = ""

    @property
    def readings(self) -> int:
        return self.kinds.get("READING", 0)

    @property
    def repeated(self) -> int:
        """Lines that stand there again and are counted once."""
        return self.readings - self.kinds.get("DIFFERENT", 0)

    @property
    def rejected(self) -> dict[str, int]:
        return {kind: count for kind, count in sorted(self.kinds.items()) if kind not in ("READING", "DIFFERENT")}


def compute(  # noqa: PLR0913  (what to compute from what, and whom to tell)
    archive: Archive, output: Path, parallelism: int, asked: threading.Event, say: Say, *, sql: Job = BACKFILL
) -> tuple[Lines, Iterator[Row]]:
    """Run the backfill's SQL over the archive, each sink into a folder of JSON lines below `output`, and read these.

    sql: BACKFILL, or a variant of it; one without the sink `tally` tells no lines. Raises RunError when it fails or
    stands still, Stopped when `asked` to.
    """
    scratch = output.with_name(f"{output.name}-scratch")
    scratch.mkdir()
    distribution.use(distribution.jvm(output.with_name("log")), environment.plain())
    from pyflink.common import Configuration  # noqa: PLC0415
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    port = processes.free_port()
    configuration = Configuration()
    for name, value in (durable.loopback(port) | _batch(parallelism, scratch)).items():
        configuration.set_string(name, value)
    mode = EnvironmentSettings.new_instance().in_batch_mode().with_configuration(configuration).build()
    connectors = {
        "readings": files.source(archive.folder),
        **{sink: files.sink(output / sink) for sink in sql.sinks},
    }
    try:
        tables = TableEnvironment.create(mode)
        statements.declare(tables, sql, connectors)
        if asked.is_set():
            raise Stopped("Stopped: nothing was written.")
        client = statements.inserts(tables, sql).execute().get_job_client()
        end = client.get_job_execution_result()
        try:
            _wait(end, rest.Job(f"http://127.0.0.1:{port}", str(client.get_job_id())), asked, say)
        except BaseException:
            client.cancel()
            _ended(end, CANCEL_LIMIT)
            raise
        end.result()
    except distribution.errors() as error:
        raise RunError(unreadable(archive) or f"Flink failed: {distribution.cause(error)}.") from error
    return _lines(_objects(output / "tally")), _objects(output / "sensor_data")


def _batch(parallelism: int, scratch: Path) -> dict[str, str]:
    return {
        "parallelism.default": str(parallelism),
        # Its input does not change, so what failed once fails again.
        "restart-strategy.type": "none",
        "io.tmp.dirs": str(scratch.resolve()),
        "metrics.fetcher.update-interval": "1000",
        "taskmanager.memory.network.min": "128m",
        "taskmanager.memory.network.max": "128m",
    }


def _wait(end: CompletableFuture, flink_job: rest.Job, asked: threading.Event, say: Say) -> None:
    """Wait for the end of the batch, with lines of progress."""
    every, moved = Every(TOLD_EVERY), time.monotonic()
    before: Any = None
    said = ""
    while not _ended(end, 0):
        if asked.wait(0.2):
            raise Stopped("Stopped: nothing was written.")
        if not every.is_due():
            continue
        now = time.monotonic()
        with suppress(rest.RestError):  # while it starts or ends
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
    """The tally of the batch; a kind of which there is no line is not in it."""
    rows = {row["kind"]: row for row in tally}
    readings = rows.get("READING", {})
    kinds = {kind: int(row["lines"]) for kind, row in rows.items()}
    return Lines(kinds, readings.get("oldest") or "", readings.get("newest") or "")


def _objects(folder: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects that a sink wrote, one after the other."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        with path.open("rb") as file:
            for line in file:
                yield json.loads(line)


def cores() -> int:
    """As many subtasks as this process has cores, up to four: files are read one by one, and memory is shared out."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
