"""Runs a job over files on this machine, without services and clusters: its tests, or a file of records.

The job runs in this process's JVM, in streaming mode as in production. The end of the input closes all windows.
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
from connectors.connector import Connector
from flink import causes, defaults, distribution
from pipeline import binding, cases, statements
from pipeline.cases import Case
from pipeline.job import Job
from program import environment
from program.processes import RunError

if TYPE_CHECKING:
    from pyflink.table import StatementSet

_APPEND_ONLY = "\nA stream takes no row that replaces another: group by the window, or write to a table of DynamoDB."
# A single subtask reads a file: the lines are a shard, and their order decides which records are late.
CONFIGURATION: Mapping[str, str] = {
    **defaults.loopback(0),
    "parallelism.default": "1",
    "restart-strategy.type": "none",
    # Splitting generated code helps a compiler that these runs switch off, and takes longer than running the code.
    "table.generated-code.max-length": "60000",
    # Many cases in a job are many operators in a slot.
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    # Each window has a part of it, at least a megabyte; it is taken from the system as rows need it.
    "taskmanager.memory.managed.size": "1g",
}


@dataclass(frozen=True)
class Result:
    """A case and its differences from the expected rows, line by line; empty for a case that has passed."""

    case: Case
    differences: Sequence[str]


@contextmanager
def started(folder: Path, aws: Mapping[str, str] | None = None, *, emulated: bool = True) -> Iterator[None]:
    """Start this process's JVM. Flink's refusals in the block become RunErrors.

    folder: for the JVM's logs. aws: its environment if it calls AWS. emulated: whether that is an emulator.
    """
    jvm = distribution.jvm(folder / "log", emulated=emulated, brief=True)
    distribution.use(jvm, environment.plain() if aws is None else aws)
    try:
        yield
    except distribution.errors() as error:
        file = "".join(getattr(error, "__notes__", ())) or "the job"
        text = re.sub(r"\bdefault_catalog\.\w+\.", "", distribution.refusal(error))
        remedy = _APPEND_ONLY if "doesn't support consuming update" in text else ""
        raise RunError(f"Flink refuses {file}: {text}{remedy}") from error


def _finish(inserts: StatementSet) -> None:
    """Run to the end of the input. Raises RunError if the job fails, with a remedy if its folder is the cause."""
    submitted = inserts.execute()
    try:
        submitted.wait()
    except distribution.errors() as error:
        remedy = causes.remedy(distribution.cause(error))
        advice = f"\n{remedy[:1].upper()}{remedy[1:]}." if remedy else ""
        raise RunError(f"The job failed while it ran: {distribution.refusal(error)}{advice}") from error


def test(job: Job, given: Sequence[Case], folder: Path) -> list[Result]:
    """Run these cases in a single Flink job. folder: a new folder for their records and rows. Needs `started`."""
    together = cases.declare(statements.environment(CONFIGURATION), job, given, folder)
    _finish(together)
    return [Result(case, cases.differences(job, case, folder / str(number))) for number, case in enumerate(given)]


def over_files(
    job: Job, inputs: Mapping[str, Path], folder: Path, step: float | None = None, show: Sequence[str] = ()
) -> None:
    """Run a job over files of records. Each sink makes a folder of JSON lines in `folder`.

    The sources are those of `sources`. show: views or sources that make such a folder too, of changes. Needs `started`.
    """
    tables = statements.environment(CONFIGURATION)
    with tempfile.TemporaryDirectory(prefix="arriving-") as scratch:
        statements.declare(tables, job, {**sources(job, inputs, Path(scratch), step), **binding.sinks_in(folder, job)})
        inserts = statements.inserts(tables, job)
        for relation in show:
            statements.show(tables, inserts, relation, files.sink(folder / relation, changes=True))
        _finish(inserts)


def sources(job: Job, inputs: Mapping[str, Path], scratch: Path, step: float | None) -> dict[str, Connector]:
    """Connectors that read the records of each source, a file or a folder of files, to the end.

    Each line is a record. Each file is a shard, and its modification time is the arrival of all its records. With a
    step, in seconds, it is that of the first, and each other record arrives so much after the one before it. scratch:
    a folder for the records with these arrivals.
    """
    return {
        table: files.source(path) if step is None else cases.arriving(job, table, path, scratch, step)
        for table, path in inputs.items()
    }


def plan(job: Job, connectors: Mapping[str, Any]) -> str:
    """Flink's optimised plan of all inserts together. Raises RunError for SQL that Flink refuses."""
    with tempfile.TemporaryDirectory() as logs, started(Path(logs)):
        tables = statements.environment({})
        statements.declare(tables, job, connectors)
        return str(statements.inserts(tables, job).explain())
