"""Rows computed again from archived raw records, where late readings are counted, and put right in the table.

Two steps. Flink computes the rows from the archive with the job's own SQL, in batch mode, into files. Then they are
compared with the table, and what differs is written. Flink's DynamoDB sink could write but not compare: an archive
that lacks some records would replace good rows by smaller ones, and each run would rewrite every row.
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
from flink.backfill.rows import Lines, Stopped, compute
from flink.backfill.table import READ_AT_ONCE, Key, Row, Table, Verdict, compare, connect
from pipeline.job import load
from pipeline.settings import Settings
from program import folders
from program.output import Say
from program.processes import RunError
from program.waiting import Retry

BACKFILL_EACH = load("unicorn_summary").backfill(each=True)

LOOK_LIMIT = 10.0  # seconds for the table to answer at first; there is no work to lose yet
SHOWN = 5  # rows of a verdict that the report shows


@dataclass(frozen=True)
class Options:
    """What is asked for.

    sources: files, folders and s3:// prefixes that together are the archive. since, until: StatusTimes as text, None
    for no bound; the rows after `since`, up to and including `until`, are meant. overwrite: write also rows that are
    new without both bounds, or smaller than the table's. once: write rows that are smaller for repeated lines alone.
    dry_run: write nothing. parallelism: subtasks of Flink.
    """

    sources: Sequence[str]
    since: str | None = None
    until: str | None = None
    overwrite: bool = False
    once: bool = False
    dry_run: bool = False
    parallelism: int = 1

    def means(self, status_time: str) -> bool:
        """Whether a row with this StatusTime is meant; such texts sort like the times they name."""
        return (self.since is None or status_time > self.since) and (self.until is None or status_time <= self.until)

    def allows(self, verdict: Verdict) -> bool:
        """Whether a row may be written over what the table has of it."""
        both = self.since is not None and self.until is not None
        meant = (verdict is Verdict.NEW and both) or (verdict is Verdict.REPEATED and self.once)
        return verdict is Verdict.CHANGED or self.overwrite or meant


@dataclass
class Report:
    """What was found and done.

    outside: rows that are not meant. verdicts: the others, by what the table says. kept: rows that were not written
    though they differ. examples: some rows of a verdict, each with what the table had, and with the row in which
    repeated lines count each, where that is another. each: these rows, of an archive that has repeated lines.
    """

    archive: Archive
    lines: Lines
    outside: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    kept: Counter[Verdict] = field(default_factory=Counter)
    written: int = 0
    examples: dict[Verdict, list[tuple[Row, Row, Row | None]]] = field(default_factory=dict)
    each: Mapping[Key, Row] = field(default_factory=dict)


def run(options: Options, settings: Settings, asked: threading.Event, say: Say) -> Report:
    """Compute the rows and put the table right, or with `dry_run` find out what would be written.

    settings: of the place `aws`. asked: set to end it early. Raises RunError, NotSetUp.
    """
    place = settings.values["aws"]

    def pause(seconds: float) -> None:
        if asked.wait(seconds):
            raise Stopped("Stopped while the table took nothing: what had been written stays; run it again.")

    table = connect(place, settings.values["sensor_data"]["table"], pause)
    replace(table, retry=Retry(LOOK_LIMIT)).look_up()
    folders.STATE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backfill-", dir=folders.STATE, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            archive = gather(options.sources, folder / "archive", place, asked, say)
        except OSError as error:
            raise RunError(f"The archive cannot be laid out in {folder} ({error.strerror or error}).") from error
        _unless(asked, "nothing was written")
        say(f"starting Flink on {archive}")
        lines, rows = compute(archive, folder / "rows", options.parallelism, asked, say)
        if not lines.readings:
            raise RunError(f"There is no reading in {', '.join(options.sources)}: {archive}, {told(lines.rejected)}.")
        report = Report(archive, lines)
        if lines.repeated:
            say(f"{lines.repeated:,} lines stand there again: adding up with each of them counted")
            _none, found = compute(archive, folder / "each", options.parallelism, asked, say, sql=BACKFILL_EACH)
            report.each = {_key(row): row for row in found if options.means(row["StatusTime"])}
        settle(rows, table, options, report, asked)
        return report


def settle(rows: Iterable[Row], table: Table, options: Options, report: Report, asked: threading.Event) -> None:
    """Compare the rows with the table's, and write those that differ and may be written. The report says which."""
    meant = _meant(rows, options, report)
    while batch := list(islice(meant, READ_AT_ONCE)):
        found = table.items([_key(row) for row in batch])
        writing = []
        for row in batch:
            item = found.get(_key(row), {})
            other = report.each.get(_key(row), row)
            counted = None if other == row else other
            verdict = compare(row, item, counted)
            report.verdicts[verdict] += 1
            if verdict is Verdict.EQUAL:
                continue
            examples = report.examples.setdefault(verdict, [])
            if len(examples) < SHOWN:
                examples.append((row, item, counted))
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


def _key(row: Row) -> Key:
    return row["Name"], row["StatusTime"]


def _meant(rows: Iterable[Row], options: Options, report: Report) -> Iterator[Row]:
    for row in rows:
        if options.means(row["StatusTime"]):
            yield row
        else:
            report.outside += 1


def _unless(asked: threading.Event, how_far: str) -> None:
    if asked.is_set():
        raise Stopped(f"Stopped: {how_far}.")


def told(rejected: Mapping[str, int]) -> str:
    """Rejected lines in words."""
    return ", ".join(f"{count:,} {kind}" for kind, count in rejected.items()) or "none"
