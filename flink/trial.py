"""A job on this machine over files, to their end: its tests, or a file of records. No service, no cluster.

It runs in this process's JVM, in streaming mode as in production: the end of the input closes all windows. The warm-up
of the watermark is off, since it is time on the wall clock, and a file is read in no time.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import files
from flink import defaults, distribution
from pipeline import binding, cases, statements
from pipeline.cases import Case
from pipeline.job import Job
from program import environment
from program.processes import RunError

if TYPE_CHECKING:
    from pyflink.table import StatementSet

_APPEND_ONLY = "\nA stream takes no row that replaces another: group by the window, or write to a table of DynamoDB."
# A file is read by one subtask: its lines are a shard, whose order decides what is late.
CONFIGURATION: Mapping[str, str] = {
    **defaults.loopback(0),
    "parallelism.default": "1",
    "pipeline.global-job-parameters": "shard_watermark.warm_up:0",
    "restart-strategy.type": "none",
    # Flink takes longer to split generated code for the compiler that these runs do without than to run it.
    "table.generated-code.max-length": "60000",
    # Many cases in one job are many operators in one slot.
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
}


@dataclass(frozen=True)
class Result:
    """A case and what is not as it expects, line by line; nothing for a case that has passed."""

    case: Case
    differences: Sequence[str]


@contextmanager
def started(folder: Path) -> Iterator[None]:
    """The JVM of this process; what Flink refuses in the block is a RunError. folder: for its logs."""
    distribution.use(distribution.jvm(folder / "log", brief=True), environment.plain())
    try:
        yield
    except distribution.errors() as error:
        file = "".join(getattr(error, "__notes__", ())) or "the job"
        text = re.sub(r"\bdefault_catalog\.\w+\.", "", distribution.refusal(error))
        remedy = _APPEND_ONLY if "doesn't support consuming update" in text else ""
        raise RunError(f"Flink refuses {file}: {text}{remedy}") from error


def _finish(inserts: StatementSet) -> None:
    """Run to the end of the input. Raises RunError for a failure on the way, such as a bad CAST."""
    submitted = inserts.execute()
    try:
        submitted.wait()
    except distribution.errors() as error:
        raise RunError(
            f"The job failed while it ran: {distribution.refusal(error)}\n"
            "If a record did this, it would end the job on a stream too: use functions that give NULL instead, such as "
            "TRY_CAST, and refuse the record in views/checked.sql."
        ) from error


def test(job: Job, given: Sequence[Case], folder: Path) -> list[Result]:
    """Run these cases in one Flink job. folder: a new one, for their records and rows. Needs `started`."""
    together = cases.declare(statements.environment(CONFIGURATION), job, given, folder)
    _finish(together)
    return [Result(case, cases.differences(job, case, folder / str(number))) for number, case in enumerate(given)]


def over_file(job: Job, records: Path, folder: Path) -> None:
    """Run a job over a file of records, or a folder of such files; a folder of JSON lines per sink in `folder`.

    Each line is a record; each file is a shard, and its records arrived when it was last written. Needs `started`.
    """
    tables = statements.environment(CONFIGURATION)
    sources = {table: files.source(binding.input_of(records, job, table)) for table in job.sources}
    statements.declare(tables, job, {**sources, **binding.sinks_in(folder, job)})
    _finish(statements.inserts(tables, job))


def plan(job: Job, connectors: Mapping[str, Any]) -> str:
    """The plan of all inserts together, as Flink optimised it. Raises RunError for SQL that Flink refuses."""
    with tempfile.TemporaryDirectory() as logs, started(Path(logs)):
        tables = statements.environment({})
        statements.declare(tables, job, connectors)
        return str(statements.inserts(tables, job).explain())
