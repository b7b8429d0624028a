"""The command line of the backfill: python -m jobs backfill --from FILES_OR_ARCHIVE."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink.flags import count
from pipeline.job import load
from program.errors import Unusable

if TYPE_CHECKING:
    from flink.backfill.repair import Options, Report
    from flink.backfill.table import Row, Verdict
    from pipeline.settings import Settings

JOB = load("unicorn_summary")

Commands = Any  # argparse's own type of it is private
_END = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d(\.\d{1,3})?)?)Z?", re.ASCII)
_TIME = "%Y-%m-%d %H:%M:%S"

DESCRIPTION = """\
Compute the table's rows again from archived raw records, and put right those that differ.

The archive is newline-delimited JSON, plain or gzip, as Firehose writes the raw stream to S3. The job's own SQL runs
over it in Flink's batch mode on this machine, where nothing is late: a reading that came after its minute had closed
is counted in its row. Then the rows are compared with the table's, and only what differs is written. Running it again
changes nothing.
"""

MANUAL = """\
what is written:
  A row that the table has is replaced by one that says more: Distance and the maxima are not lower, the minima not
  higher, and one of them differs. One of which any column says less is kept as it is in the table, for a reading
  more only ever adds to a row: the archive lacks some of its records. (Distances are taken as not negative.) A row
  that the table does not have is added only within --since and --until.
  A row that is smaller only because equal lines are counted once is kept too, and --once writes it. --overwrite writes
  all of these.

what to give it:
  Firehose's folders are by the time of arrival. Give it every hour in which readings of the minutes in question may
  have arrived, those of the late ones included. The minutes at the edges of a partial archive are incomplete and look
  like others: leave them out with --since and --until, and so the minutes that a running job has still open.

what is counted:
  Firehose may deliver a record twice, and keeps no sequence numbers: equal lines are one reading, which has a time to
  the millisecond and a position. The job, as KDA did, counts a record that the producer has sent twice as two. So where
  lines stand twice, rows are computed both ways: if the table's is what counting each of them gives, this is said, with
  both figures. Lines that are no readings (PARSE, COERCION) are counted, and written nowhere: they
  are on the errors stream already. A record that does not end in a line feed spoils the one after it.

examples:
  what would be put right by two hours of the archive:
    python -m jobs backfill --from s3://BUCKET/2026/11/22/06/ s3://BUCKET/2026/11/22/07/ --dry-run
  the rows of an hour, also those that the table lacks; with the hour after it, in which late readings came:
    python -m jobs backfill --from archive/06 archive/07 --since '2026-11-22 06:00' --until '2026-11-22 07:00'

exit codes:
  0    every row that was computed and is meant is in the table now, or would be (--dry-run)
  1    some are not, or it failed; what it says tells which and why
  2    wrong usage or settings
  130  stopped by Ctrl-C
"""


def add(commands: Commands) -> None:
    """Add the command to those of `python -m jobs`."""
    what = "compute the table's rows again from archived raw records, and put right those that differ"
    command = commands.add_parser(
        "backfill",
        help=what,
        description=DESCRIPTION,
        epilog=MANUAL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flag = command.add_argument
    flag(
        "--from",
        dest="sources",
        nargs="+",
        required=True,
        metavar="WHERE",
        help="files, folders (with all folders in them), or s3://BUCKET/PREFIX",
    )
    flag("--since", type=_end, metavar="MINUTE", help="only rows with a StatusTime after this minute, in UTC")
    flag("--until", type=_end, metavar="MINUTE", help="only rows with a StatusTime up to this minute, in UTC")
    flag("--dry-run", action="store_true", help="say what would be written, and write nothing")
    flag(
        "--once",
        action="store_true",
        help="equal lines are one reading: write the rows that are smaller for that alone",
    )
    flag("--overwrite", action="store_true", help="the archive is whole: write new and smaller rows too")
    flag(
        "--properties",
        type=Path,
        metavar="FILE",
        help="the settings, as application_properties.json (default: made from AWS_ENDPOINT_URL)",
    )
    flag("--parallelism", type=count, metavar="N", help="subtasks (default: one per core, four at most)")
    command.set_defaults(run=run)


def _end(text: str) -> str:
    """The StatusTime of a row whose window ends then. Raises ArgumentTypeError."""
    match = _END.fullmatch(text)
    if match:
        with contextlib.suppress(ValueError):  # 31 February
            time = datetime.fromisoformat(f"{match[1]} {match[2]}").replace(tzinfo=UTC)
            if time == JOB.window().last_end(time):
                return f"{time:{_TIME}}.{time.microsecond // 1000:03d}"
    raise argparse.ArgumentTypeError(f"{text!r} is not the end of a row's window in UTC, such as '2026-11-22 06:00'")


def run(parsed: argparse.Namespace) -> int:
    """Run the command; its exit code. Raises Failure."""
    # Imported here, so that --help and a wrong flag answer at once.
    from flink.backfill import repair  # noqa: PLC0415
    from flink.backfill.rows import cores  # noqa: PLC0415
    from program.processes import signals  # noqa: PLC0415

    options = repair.Options(
        sources=parsed.sources,
        since=parsed.since,
        until=parsed.until,
        overwrite=parsed.overwrite,
        once=parsed.once,
        dry_run=parsed.dry_run,
        parallelism=parsed.parallelism or cores(),
    )
    if options.since and options.until and options.since >= options.until:
        raise Unusable("There is no minute after --since up to --until: give --until a later one.")
    settings = _settings(parsed.properties)
    with signals() as asked:
        report = repair.run(
            options, settings, asked, lambda text: print(f"backfill: {text}", file=sys.stderr, flush=True)
        )
    where = settings.values["sensor_data"]["table"]
    print("\n".join(tell(report, options, where)), flush=True)
    return 1 if report.kept else 0


def _settings(properties: Path | None) -> Settings:
    """The settings that say where the table is. Raises SettingsError, RunError."""
    from local import running  # noqa: PLC0415
    from pipeline import settings  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="settings-") as scratch:
        file = properties or running.properties_here(Path(scratch))
        chosen = settings.read(file)
    if chosen.place != "aws":
        raise settings.SettingsError(
            f"The settings in {file} are of files: a backfill needs the group 'aws', where the table is."
        )
    return chosen


def tell(report: Report, options: Options, table: str) -> list[str]:
    """What was found and done, line by line."""
    from flink.backfill.repair import told  # noqa: PLC0415
    from flink.backfill.table import Verdict  # noqa: PLC0415

    lines, verdicts = report.lines, report.verdicts
    total = lines.readings + sum(lines.rejected.values())
    shown = [verdict for verdict in Verdict if verdict is not Verdict.REPEATED or verdicts[verdict]]
    counts = ", ".join(f"{verdicts[verdict]:,} {verdict.value}" for verdict in shown)
    said = [
        f"Read {total:,} lines in {report.archive}.",
        f"Readings: {lines.readings:,}, with times from {lines.oldest} to {lines.newest}.",
        f"Repeated lines, counted once: {lines.repeated:,}. Rejected lines: {told(lines.rejected)}.",
        f"Computed {verdicts.total():,} rows: {counts} than in the table"
        + (f"; {report.outside:,} more are outside of --since and --until." if report.outside else "."),
        *_examples(report, Verdict.CHANGED),
        *_examples(report, Verdict.REPEATED),
        *_examples(report, Verdict.SMALLER),
    ]
    if report.kept[Verdict.REPEATED]:
        said += [
            f"Not written, as repeated lines alone make them smaller: {report.kept[Verdict.REPEATED]:,}. The table "
            "counts each of these lines, the archive's rows count equal ones",
            "once. It does not say whether the producer sent them twice, or Firehose delivered them twice; if they are "
            "one reading each, write these rows with --once.",
        ]
    if report.kept[Verdict.SMALLER]:
        said += [
            f"Not written, as they are smaller: {report.kept[Verdict.SMALLER]:,}. The table counts readings that the "
            "archive lacks. Give the rest of it, or name",
            "the minutes that are whole in it with --since and --until, or write them all the same with --overwrite.",
        ]
    if report.kept[Verdict.NEW]:
        since, until = _whole(lines.oldest, lines.newest)
        said += [
            f"Not written, as they are new: {report.kept[Verdict.NEW]:,}. Minutes at the edges of an archive may be "
            "incomplete; name those that are whole, such as",
            f"--since '{since}' --until '{until}'",
        ]
    verb = "would be written" if options.dry_run else "written"
    return [*said, f"{report.written:,} rows {verb} to {table}."]


def _examples(report: Report, verdict: Verdict) -> list[str]:
    shown = [_difference(*example) for example in report.examples.get(verdict, ())]
    more = report.verdicts[verdict] - len(shown)
    head = [f"{verdict.value.capitalize()}, from the table's to the archive's:"] if shown else []
    return head + [f"  {line}" for line in shown] + ([f"  and {more:,} more"] if more else [])


def _difference(row: Row, item: Row, each: Row | None = None) -> str:
    columns = [name for name, value in row.items() if item.get(name) != value]
    return f"{row['Name']} {row['StatusTime']}: " + ", ".join(
        f"{name} {item.get(name)} to {row[name]}"
        + (f" ({each[name]} with each line counted)" if each and each[name] != row[name] else "")
        for name in columns
    )


def _whole(oldest: str, newest: str) -> tuple[str, str]:
    """--since and --until of the windows between these times."""
    window = JOB.window()
    first, last = (datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (oldest, newest))
    since, until = (str(time.replace(tzinfo=None)) for time in (window.whole_after(first), window.last_end(last)))
    return since.removesuffix(":00"), until.removesuffix(":00")
