"""A job's SQL in this process's JVM, on the newest records, with samples of views instead of sinks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import kinesis, sample
from connectors.connector import Connector
from flink import callbacks, distribution, trial
from pipeline import settings, statements
from pipeline.job import Job
from pipeline.settings import Settings
from program.processes import RunError

# Readers of a shard share five reads and 2 MB a second: these leave four reads to the job.
GENTLY: Mapping[str, str] = {
    "source.reader.empty-records-fetch-interval": "1 s",
    "source.reader.nonempty-records-fetch-interval": "1 s",
    "source.shard.get-records.max-record-count": "2000",
}


@dataclass(frozen=True)
class Taken:
    """Of a relation: the number of its rows so far, and the newest of those that came since the last time.

    Each has the change that it is (Flink's +I, +U, -D) and its values by column, the oldest first.
    """

    rows: int
    newest: Sequence[tuple[str, Mapping[str, Any]]]


class Reading:
    """The running job."""

    def __init__(self, result: Any, relations: Sequence[str]) -> None:
        from pyflink.java_gateway import get_gateway  # noqa: PLC0415

        samples: Any = get_gateway().jvm.sample.Sample
        self._samples = {relation: samples.of(relation) for relation in relations}
        self._client = result.get_job_client()
        self._end = self._client.get_job_execution_result()

    def take(self) -> dict[str, Taken]:
        """What has come, by relation."""
        taken = {relation: json.loads(one.take()) for relation, one in self._samples.items()}
        return {
            relation: Taken(one["rows"], [(row["change"], row["row"]) for row in one["newest"]])
            for relation, one in taken.items()
        }

    def has_ended(self) -> bool:
        """Whether the input is read to its end. Raises RunError if the job has failed."""
        if not self._end.done():
            return False
        try:
            self._end.result()
        except distribution.errors() as error:
            raise RunError(f"The watch ended: {distribution.cause(error)}") from error
        return True

    def cancel(self) -> None:
        """End the job, if it has not ended."""
        if not self._end.done():
            with suppress(*distribution.errors()):  # it may be ending just now
                self._client.cancel().result()


@contextmanager
def running(job: Job, connectors: Mapping[str, Connector], relations: Sequence[str], kept: int) -> Iterator[Reading]:
    """Run the job's SQL for the block. kept: rows of a relation between two calls of `take`. Needs `trial.started`."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415

    callbacks.for_java_only(get_gateway())
    samples: Any = get_gateway().jvm.sample.Sample
    tables = statements.environment(trial.CONFIGURATION)
    statements.declare(tables, job, connectors)
    inserts = tables.create_statement_set()
    for relation in relations:
        samples.drop(relation)
        statements.show(tables, inserts, relation, sample.sink(relation, kept))
    reading = Reading(inserts.execute(), relations)
    try:
        yield reading
    finally:
        reading.cancel()
        for relation in relations:
            samples.drop(relation)


def begin(now: datetime) -> str:
    """A whole minute, one to two minutes ago: windows of whole minutes of arrival times are whole from there on."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    return settings.pinned("LATEST", minute - timedelta(minutes=1))


def beside(chosen: Settings, start: str) -> Settings:
    """The settings to read the same streams beside the job: from `start` on, seldom, and without fan-out.

    A fan-out consumer of the job's name would take the job's place.
    """
    streams = [table for table in chosen.job.sources if chosen.job.tables[table].connector == kinesis.KIND.name]
    again = settings.parse(settings.started_at(chosen, dict.fromkeys(streams, start)), chosen.job)
    return replace(
        again,
        groups={**again.groups, **{table: {**again.groups[table], "reader": "POLLING"} for table in streams}},
        options={**again.options, **{table: {**again.options[table], **GENTLY} for table in streams}},
    )
