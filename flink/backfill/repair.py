"""Computes rows again from archived records, late records included, and repairs the job's keyed tables.

First Flink computes the rows from the archive into files, with the job's own SQL in batch mode. Then this module
compares them with the tables, and writes the rows that differ. Flink's DynamoDB sink writes but does not compare: an
archive that lacks records would replace good rows by smaller rows, and each run would rewrite every row.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from flink.backfill.archive import Archive, gather
from flink.backfill.rows import TALLY, Lines, Row, Stopped, compute
from flink.backfill.table import READ_AT_ONCE, Key, Table, Verdict, checked, compare, connect
from pipeline.job import Job
from pipeline.settings import Settings
from program import folders
from program.output import Say
from program.processes import RunError
from program.waiting import Retry

LOOK_LIMIT = 10.0  # seconds for the table to answer the first call, when there is no work to lose yet
SHOWN = 5  # rows of a verdict that the report shows


@dataclass(frozen=True)
class Options:
    """The options of a backfill.

    sources: for each source of the job its archive: files, folders and s3:// prefixes. since, until: window ends as
    text, None for no bound; the backfill covers rows after `since`, up to and including `until`. overwrite: write also
    smaller rows, and, without both bounds, new and different rows. once: write rows that are smaller for repeated
    lines alone. dry_run: write nothing. parallelism: subtasks of Flink.
    """

    sources: Mapping[str, Sequence[str]]
    since: str | None = None
    until: str | None = None
    overwrite: bool = False
    once: bool = False
    dry_run: bool = False
    parallelism: int = 1

    def means(self, end: str) -> bool:
        """Whether the backfill covers a row whose window ends at `end`."""
        return (self.since is None or end > self.since) and (self.until is None or end <= self.until)

    def allows(self, verdict: Verdict) -> bool:
        """Whether a row with this verdict may be written to the table."""
        both = self.since is not None and self.until is not None
        whole = both and verdict in (Verdict.NEW, Verdict.DIFFERENT)
        return verdict is Verdict.CHANGED or self.overwrite or whole or (verdict is Verdict.REPEATED and self.once)


@dataclass
class Report:
    """The results of a backfill for a table.

    table: its name. key: the columns of its key. outside: rows outside of the bounds. verdicts: the other rows, by
    verdict. kept: rows that differ and were not written. examples: some rows of a verdict, each with the table's row,
    and with the row that counts repeated lines each; None if that row is equal.
    """

    table: str
    key: Sequence[str] = ()
    outside: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    kept: Counter[Verdict] = field(default_factory=Counter)
    written: int = 0
    examples: dict[Verdict, list[tuple[Row, Row, Row | None]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The archive of each source, the counts of their lines, and a report for each table."""

    archives: Mapping[str, Archive]
    lines: Lines
    reports: Sequence[Report]


def keyed(job: Job) -> list[str]:
    """The sinks that a backfill of the job repairs. Raises JobError if the job has no such sink."""
    return [sink for sink in job.backfill().sinks if sink != TALLY]


def run(job: Job, options: Options, settings: Settings, asked: threading.Event, say: Say) -> Outcome:
    """Compute the rows and repair the tables. With `dry_run` only count the rows that would be written.

    settings: of the place `aws`. asked: set to end the backfill early. Raises RunError, JobError, NotSetUp.
    """
    backfill, place = job.backfill(), settings.groups["aws"]

    def pause(seconds: float) -> None:
        if asked.wait(seconds):
            raise Stopped("Stopped while the table took nothing: what had been written stays; run it again.")

    tables = {sink: connect(job, sink, settings, pause) for sink in keyed(job)}
    for table in tables.values():
        replace(table, retry=Retry(LOOK_LIMIT)).look_up()
    folders.STATE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backfill-", dir=folders.STATE, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        archives = {}
        for source in backfill.sources:
            try:
                archives[source] = gather(options.sources[source], folder / "archive" / source, place, asked, say)
            except OSError as error:
                raise RunError(f"The archive cannot be laid out in {folder} ({error.strerror or error}).") from error
            _unless(asked, "nothing was written")
            say(f"starting Flink on {archives[source]}")
        lines, rows = compute(backfill, archives, folder / "rows", options.parallelism, asked, say=say)
        if not lines.records:
            given = ", ".join(one for several in options.sources.values() for one in several)
            raise RunError(f"There is no record in {given}: {', '.join(map(str, archives.values()))}, {lines}.")
        again: Mapping[str, Iterable[Row]] = {}
        if lines.repeated:
            say(f"{lines.repeated:,} lines stand there again: adding up with each of them counted")
            counted = job.backfill(each=True)
            _none, again = compute(counted, archives, folder / "each", options.parallelism, asked, say=say)
        reports = [settle(rows[sink], table, options, asked, again.get(sink, ())) for sink, table in tables.items()]
        return Outcome(archives, lines, reports)


def settle(
    rows: Iterable[Row], table: Table, options: Options, asked: threading.Event, each: Iterable[Row] = ()
) -> Report:
    """Compare the rows with the table's rows, write the rows that differ and may be written, and report on them.

    each: the rows with repeated lines counted each, of an archive with repeated lines.
    """
    report = Report(table.name, table.declared.key)
    counted: dict[Key, Row] = {table.key_of(row): row for row in each if _is_meant(row, table, options)}
    meant = _meant(rows, table, options, report)
    seen: set[Key] = set()
    while batch := list(islice(meant, READ_AT_ONCE)):
        keys = [table.key_of(row) for row in batch]
        if len(set(keys)) < len(keys) or not seen.isdisjoint(keys):
            raise RunError(f"The {table} cannot be repaired: its key is the same for rows of several windows.")
        seen.update(keys)
        found = table.items(keys)
        writing = []
        for key, row in zip(keys, batch, strict=True):
            item = found.get(key, {})
            other = counted.get(key, row)
            differing = None if other == row else other
            verdict = compare(row, item, table.declared, differing)
            report.verdicts[verdict] += 1
            if verdict is Verdict.EQUAL:
                continue
            examples = report.examples.setdefault(verdict, [])
            if len(examples) < SHOWN:
                examples.append((row, item, differing))
            if options.allows(verdict):
                writing.append(row)
            else:
                report.kept[verdict] += 1
        if not options.dry_run:
            table.put(writing)
        report.written += len(writing)
        _unless(
            asked, f"{0 if options.dry_run else report.written:,} rows had been written, and may stay; run it again"
        )
    return report


def _is_meant(row: Row, table: Table, options: Options) -> bool:
    return table.end is None or options.means(row[table.end])


def _meant(rows: Iterable[Row], table: Table, options: Options, report: Report) -> Iterator[Row]:
    for row in rows:
        if _is_meant(row, table, options):
            yield checked(row, table.columns)
        else:
            report.outside += 1


def _unless(asked: threading.Event, how_far: str) -> None:
    if asked.is_set():
        raise Stopped(f"Stopped: {how_far}.")
