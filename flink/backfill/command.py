"""`python -m jobs backfill JOB --from FILES_OR_ARCHIVE`: its options, its report, its exit code."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flink import command as on_cluster
from flink import flags
from pipeline import settings
from pipeline.job import Job
from pipeline.settings import Settings
from program.command_line import Command, Value
from program.errors import Unusable, hint

if TYPE_CHECKING:
    from flink.backfill.repair import Options, Outcome, Report
    from flink.backfill.rows import Row
    from flink.backfill.table import Verdict

_END = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d{1,3})?)?)Z?", re.ASCII)
_TIME = "%Y-%m-%d %H:%M:%S"

MANUAL = """\
The archive is newline-delimited JSON, plain or gzip, as Firehose writes a raw stream to S3. The job's own SQL runs over
it in Flink's batch mode on this machine, where nothing is late: a record that came after its window had closed is
counted in its row. Then the rows are compared with the job's tables, and only what differs is written. Running it again
changes nothing.

What is written:
  A table says in job.toml which of its columns more records of a window can only raise (`grows`) or lower (`shrinks`).
  A row in which one of these went the other way has lost records: it is smaller, and the table keeps its own. Any other
  row that differs is changed, and replaces the table's. A row that the table does not have is added only within --since
  and --until. Of a table without such columns nothing says which of two rows is the fuller one: a row that differs is
  written only within --since and --until.
  A row that is smaller only because equal lines are counted once is kept too, and --once writes it. --overwrite writes
  all of these.

What to give it:
  Firehose's folders are by the time of arrival. Give it every hour in which records of the windows in question may
  have arrived, those of the late ones included. The windows at the edges of a partial archive are incomplete and look
  like others: leave them out with --since and --until, and so the windows that a running job has still open. For a job
  with several sources write SOURCE=WHERE.

What is counted:
  Firehose puts nothing between records, so several JSON documents on one line are a line each here. A record that is no
  JSON object and does not end in a line feed spoils the one after it.

  Firehose may deliver a record twice, and keeps no sequence numbers: equal lines are one record here. The job counts a
  record that the producer has sent twice as two. So where lines stand twice, rows are computed both ways: if the
  table's is what counting each of them gives, this is said, with both figures. Rejected lines (PARSE, COERCION) are
  counted, and written nowhere: they are on the errors stream already.

Exit codes:
  0    every row that was computed and is meant is in the table now, or would be (--dry-run)
  1    some are not, or it failed; what it says tells which and why
  2    wrong usage or settings
  130  stopped by Ctrl-C
"""
# First: the rows that two hours of the archive would repair. Second: repair the windows of an hour, new rows included.
# Late records of that hour arrived in the hour after it, so both are read.
EXAMPLES = (
    "python -m jobs backfill unicorn_summary --from s3://BUCKET/2026/11/22/06/ s3://BUCKET/2026/11/22/07/ --dry-run\n"
    "python -m jobs backfill unicorn_summary --from archive/06 archive/07 --since '2026-11-22 06:00' --until "
    "'2026-11-22 07:00'"
)


@click.command(cls=Command, epilog=MANUAL, example=EXAMPLES)
@on_cluster.job_argument
@click.argument("more", nargs=-1, metavar="[WHERE]...")  # an option takes a single value, and a shell's * gives several
@click.option(
    "--from",
    "sources",
    multiple=True,
    required=True,
    metavar="WHERE",
    help="Files, folders (with all folders in them), or s3://BUCKET/PREFIX, as many as there are.",
)
@click.option("--since", metavar="TIME", help="Only rows of windows that end after this time, in UTC.")
@click.option("--until", metavar="TIME", help="Only rows of windows that end up to this time, in UTC.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option(
    "--once", is_flag=True, help="Equal lines are one record: write the rows that are smaller for that alone."
)
@click.option("--overwrite", is_flag=True, help="The archive is whole: write new, different and smaller rows too.")
@on_cluster.properties_option
@click.option(
    "--parallelism", type=Value(flags.count, "N"), help="Subtasks of Flink.  [default: one per core, four at most]"
)
def backfill(  # noqa: PLR0913  (the options of the command)
    job: Job,
    more: Sequence[str],
    sources: Sequence[str],
    since: str | None,
    until: str | None,
    *,
    dry_run: bool,
    once: bool,
    overwrite: bool,
    properties: Path | None,
    parallelism: int | None,
) -> int:
    """Compute a job's rows again from archived records, and put right those in its tables that differ."""
    # Imported here, so that --help and a wrong option answer at once.
    from flink.backfill.repair import Options  # noqa: PLC0415
    from flink.backfill.rows import cores  # noqa: PLC0415

    options = Options(
        sources_of(job, [*sources, *more]),
        since=since and end_of(job, "--since", since),
        until=until and end_of(job, "--until", until),
        overwrite=overwrite,
        once=once,
        dry_run=dry_run,
        parallelism=parallelism or cores(),
    )
    return run(job, options, properties)


def run(job: Job, options: Options, properties: Path | None) -> int:
    """Repair the job's tables, print the report, and return the exit code. Raises Failure."""
    from flink.backfill import repair, table  # noqa: PLC0415
    from program.processes import signals  # noqa: PLC0415

    if options.since and options.until and options.since >= options.until:
        raise Unusable("No window ends after --since and up to --until: give --until a later time.")
    if options.since or options.until:
        for sink in repair.keyed(job):
            if table.end_column(job, sink) is None:
                raise Unusable(
                    f"--since and --until do not apply to {job.name}: the key of {sink} has no column that is the end "
                    "of a row's window as text, DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS')."
                )
    chosen = _settings(job, properties)
    with signals() as asked:
        outcome = repair.run(
            job, options, chosen, asked, lambda text: print(f"backfill: {text}", file=sys.stderr, flush=True)
        )
    print("\n".join(tell(job, outcome, options)), flush=True)
    return 1 if any(report.kept for report in outcome.reports) else 0


def sources_of(job: Job, given: Sequence[str]) -> dict[str, list[str]]:
    """The archive of each source. Raises BadParameter for an unknown source, and for a source without an archive."""
    names = job.backfill().sources
    if len(names) == 1:
        return {names[0]: list(given)}
    found: dict[str, list[str]] = {name: [] for name in names}
    for text in given:
        name, is_named, where = text.partition("=")
        if not is_named or name not in found or not where:
            raise click.BadParameter(
                f"{text!r} is not SOURCE=WHERE with one of the job's sources{hint(name, names)}",
                param_hint="'--from'",
            )
        found[name].append(where)
    if missing := [name for name in names if not found[name]]:
        raise click.BadParameter(f"there is no archive of {', '.join(missing)}", param_hint="'--from'")
    return found


def end_of(job: Job, option: str, text: str) -> str:
    """The end of a window as the job writes it. Raises BadParameter for a time at which no window ends."""
    match = _END.fullmatch(text)
    if match:
        with contextlib.suppress(ValueError):  # 31 February
            time = datetime.fromisoformat(f"{match[1]} {match[2]}").replace(tzinfo=UTC)
            if time == job.window().last_end(time):
                return f"{time:{_TIME}}.{time.microsecond // 1000:03d}"
    raise click.BadParameter(
        f"{text!r} is not the end of a row's window in UTC, such as '2026-11-22 06:00'", param_hint=f"'{option}'"
    )


def _settings(job: Job, properties: Path | None) -> Settings:
    """The settings of the job in AWS, where its tables are. Raises SettingsError."""
    chosen = settings.of_command(job, properties, os.environ)
    if chosen.place != "aws":
        raise settings.SettingsError(
            f"The settings in {properties} are of files: a backfill needs the group 'aws', where the tables are."
        )
    return chosen


def tell(job: Job, outcome: Outcome, options: Options) -> list[str]:
    """The report, line by line."""
    lines, archives = outcome.lines, outcome.archives
    total = lines.records + sum(lines.rejected.values())
    return [
        f"Read {total:,} lines in {', '.join(map(str, archives.values()))}.",
        f"Records: {lines.records:,}, with times from {lines.oldest} to {lines.newest}.",
        f"Repeated lines, counted once: {lines.repeated:,}. Rejected lines: {lines}.",
        *(line for report in outcome.reports for line in _tell(job, report, outcome, options)),
    ]


def _tell(job: Job, report: Report, outcome: Outcome, options: Options) -> Iterator[str]:
    """The lines of the report about a table."""
    from flink.backfill.table import Verdict  # noqa: PLC0415

    verdicts, kept = report.verdicts, report.kept
    seldom = (Verdict.REPEATED, Verdict.DIFFERENT)
    shown = [verdict for verdict in Verdict if verdict not in seldom or verdicts[verdict]]
    counts = ", ".join(f"{verdicts[verdict]:,} {verdict.value}" for verdict in shown)
    outside = f"; {report.outside:,} more are outside of --since and --until." if report.outside else "."
    yield f"Computed {verdicts.total():,} rows: {counts} than in the table {report.table}{outside}"
    for verdict in (Verdict.CHANGED, Verdict.REPEATED, Verdict.DIFFERENT, Verdict.SMALLER):
        yield from _examples(report, verdict)
    if kept[Verdict.REPEATED]:
        yield (
            f"Not written, as repeated lines alone make them smaller: {kept[Verdict.REPEATED]:,}. The table counts "
            "each of these lines, the archive's rows count equal ones"
        )
        yield (
            "once. It does not say whether the producer sent them twice, or Firehose delivered them twice; if they are "
            "one record each, write these rows with --once."
        )
    if kept[Verdict.DIFFERENT]:
        yield (
            f"Not written, as they are different: {kept[Verdict.DIFFERENT]:,}. No column of the table says which of "
            "two rows is the fuller one. Name the windows"
        )
        yield "that are whole in the archive with --since and --until, or write them all the same with --overwrite."
    if kept[Verdict.SMALLER]:
        yield (
            f"Not written, as they are smaller: {kept[Verdict.SMALLER]:,}. The table counts records that the archive "
            "lacks. Give the rest of it, or name"
        )
        yield "the windows that are whole in it with --since and --until, or write them all the same with --overwrite."
    if kept[Verdict.NEW]:
        since, until = _whole(job, outcome.lines.oldest, outcome.lines.newest)
        yield (
            f"Not written, as they are new: {kept[Verdict.NEW]:,}. Windows at the edges of an archive may be "
            "incomplete; name those that are whole, such as"
        )
        yield f"--since '{since}' --until '{until}'"
    yield f"{report.written:,} rows {'would be written' if options.dry_run else 'written'} to {report.table}."


def _examples(report: Report, verdict: Verdict) -> list[str]:
    shown = [_difference(report.key, *example) for example in report.examples.get(verdict, ())]
    more = report.verdicts[verdict] - len(shown)
    head = [f"{verdict.value.capitalize()}, from the table's to the archive's:"] if shown else []
    return head + [f"  {line}" for line in shown] + ([f"  and {more:,} more"] if more else [])


def _difference(key: Sequence[str], row: Row, item: Row, each: Row | None = None) -> str:
    columns = [name for name, value in row.items() if item.get(name) != value]
    return f"{' '.join(str(row[name]) for name in key)}: " + ", ".join(
        f"{name} {item.get(name)} to {row[name]}"
        + (f" ({each[name]} with each line counted)" if each and each[name] != row[name] else "")
        for name in columns
    )


def _whole(job: Job, oldest: str, newest: str) -> tuple[str, str]:
    """--since and --until for the windows that lie wholly between these times."""
    window = job.window()
    first, last = (datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (oldest, newest))
    since, until = (str(time.replace(tzinfo=None)) for time in (window.whole_after(first), window.last_end(last)))
    return since.removesuffix(":00"), until.removesuffix(":00")
