"""Where the records of a watch come from: the streams of a job's settings, or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from connectors.connector import Connector
from flink import resources, trial
from flink.watch import reading
from pipeline import binding, results, settings
from pipeline.job import Job
from pipeline.settings import Settings
from program import environment
from program.formats import listed


@dataclass(frozen=True)
class Origin:
    """The records of a job.

    connectors: of all tables, with a folder for scratch files. names: what is behind each table, for people. text: what
    the records are of, and a note on it, for people. aws: the JVM's environment if it calls AWS. emulated: whether that
    is an emulator.
    """

    job: Job
    connectors: Callable[[Path], Mapping[str, Connector]]
    names: Mapping[str, str]
    text: str
    note: str
    aws: Mapping[str, str] | None = None
    emulated: bool = True

    @property
    def counted(self) -> Sequence[str]:
        """The sources whose rows are records."""
        return results.streams(self.job)

    def end(self, relation: str) -> str:
        """Where the rows of a relation go, or come from, for the end of its title."""
        if relation in self.job.sources:
            return f", what is in {self.names[relation]}"
        far_ends = [self.names[sink] for sink in results.sinks(self.job, relation)]
        return f", written to {listed(far_ends)}" if far_ends else ""


def streams(chosen: Settings, start: str | None) -> Origin:
    """The streams of these settings, from a start on; None: the default.

    Raises AwsError or RunError if one of them cannot be read, click.UsageError for settings of files.
    """
    job, names = chosen.job, resources.names(chosen)
    if chosen.place != "aws":
        raise click.UsageError("The settings name files, not streams: name a file with --input.")
    resources.require(chosen, job.sources)
    now = datetime.now(UTC)
    begin = reading.begin(now) if start is None else settings.pinned(start, now)
    connectors = binding.connectors(reading.beside(chosen, begin))
    of = listed([names[table] for table in results.streams(job)])
    return Origin(
        job,
        lambda _scratch: connectors,
        names,
        f"{of} from the oldest on" if begin == "TRIM_HORIZON" else f"{of} since {_time(begin)}",
        "Windows that began earlier are not whole. Ctrl-C ends the watch, not the job.",
        environment.for_job(chosen.groups["aws"].get("endpoint")),
        binding.is_emulated(chosen),
    )


def _time(text: str) -> str:
    """A time of the settings in UTC, to the second, or to the minute if it is a whole one."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M UTC}" if moment.second == 0 else f"{moment:%Y-%m-%d %H:%M:%S UTC}"


def file(job: Job, records: Path, step: float | None) -> Origin:
    """A file of records, which is read to its end. step: as in `trial.sources`."""
    return Origin(
        job,
        lambda scratch: {**trial.sources(job, records, scratch, step), **binding.sinks_in(scratch, job)},
        {table: table for table in (*job.sources, *job.sinks)},
        str(records),
        "The file is read to its end, where all windows close.",
    )
