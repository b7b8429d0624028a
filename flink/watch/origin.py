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

    connectors: of all tables, with a folder for scratch files. names: what is behind each table. text: what the records
    are of. since: where reading begins, empty for the begin of a file. note: on what follows from it. aws: the JVM's
    environment if it calls AWS. emulated: whether that is an emulator.
    """

    job: Job
    connectors: Callable[[Path], Mapping[str, Connector]]
    names: Mapping[str, str]
    text: str
    since: str
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
    if binding.is_emulated(chosen):
        binding.require_no_lambda(job, chosen.groups)
    if text := second_calls(chosen):
        click.echo(text, err=True)
    resources.require(chosen, job.sources)
    now = datetime.now(UTC)
    begin = reading.begin(now) if start is None else settings.pinned(start, now)
    connectors = binding.connectors(reading.beside(chosen, begin))
    return Origin(
        job,
        lambda _scratch: connectors,
        names,
        listed([names[table] for table in results.streams(job)]),
        "the oldest" if begin == "TRIM_HORIZON" else _time(datetime.fromisoformat(begin), now),
        "Windows that began earlier are not whole. Ctrl-C ends the watch, not the job.",
        environment.for_job(chosen.groups["aws"].get("endpoint")),
        binding.is_emulated(chosen),
    )


def second_calls(chosen: Settings) -> str:
    """A sentence on the Lambda functions that a watch calls beside the job; empty for none."""
    functions = binding.lambda_functions(chosen.job, chosen.groups).values()
    if not functions:
        return ""
    called = listed(sorted(set(functions)))
    return f"The watch calls {called} for each record a second time, and Lambda bills these calls."


def _time(moment: datetime, now: datetime) -> str:
    """A time in UTC: to the second, or to the minute if it is a whole one, with its day if that is not today."""
    utc = moment.astimezone(UTC)
    day = "" if utc.date() == now.date() else f"{utc:%Y-%m-%d} "
    return day + (f"{utc:%H:%M}" if utc.second == 0 else f"{utc:%H:%M:%S}")


def files(job: Job, inputs: Mapping[str, Path], text: str, step: float | None) -> Origin:
    """Files of records, which are read to their end. text: what they are. step: as in `trial.sources`."""
    return Origin(
        job,
        lambda scratch: {**trial.sources(job, inputs, scratch, step), **binding.sinks_in(scratch, job)},
        {table: table for table in (*job.sources, *job.sinks)},
        text,
        "",
        "The file is read to its end, where all windows close.",
    )
