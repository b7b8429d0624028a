"""The backfill: rows from an archive against a computation without Flink, and its effect on a table."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError
from botocore.response import StreamingBody

from aws import s3
from aws.session import Services
from connectors import files
from connectors.kind import Declared
from flink import distribution
from flink.backfill import archive as backfill_archive
from flink.backfill import command as backfill_command
from flink.backfill import repair as backfill
from flink.backfill import rows as backfill_rows
from flink.backfill import table as backfill_table
from flink.backfill.archive import Archive
from flink.backfill.repair import Options, Outcome, Report
from flink.backfill.rows import Lines, Number, Stopped
from flink.backfill.table import Table, Verdict, compare
from java import paths
from local import emulator, oracle, proof, resources
from pipeline import settings, statements
from pipeline.job import Job, load
from program import folders, waiting
from program.errors import Unusable
from program.output import guarded
from program.processes import RunError
from program.waiting import Retry
from tests import sql
from tests.sql import DAY, reading

JOB = load("unicorn_summary")
BACKFILL = JOB.backfill()
MERGE = JOB.tables["sensor_data"].declared
COLUMNS = backfill_table.types(JOB, "sensor_data")

Rows = dict[oracle.Key, dict[str, Any]]
NUMBERS = itertools.count()


def say(_text: str) -> None:
    """Ignore progress messages."""


# ---------------------------------------------------------------------------------------------- rows from an archive


@dataclass(frozen=True)
class Flight:
    """Records in the order of their arrival, as the producer made them: some late, some malformed."""

    lines: list[bytes]

    @property
    def rows(self) -> Rows:
        """The expected rows: every reading once, and none of them late. Computed without Flink."""
        return oracle.rows(set(self.lines))


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    """20 minutes of 5 unicorns: 6,000 records, of which about 180 arrive minutes late and 120 are malformed."""
    file = tmp_path_factory.mktemp("flight") / "flight.jsonl"
    command = [sys.executable, "-m", "producer", "--unicorns", "5", "--rate", "max", "--msgs", "6000", "--seed", "11"]
    command += ["--start", "2026-11-22 05:50:00", "--late", "0.03", "--out-of-order", "0.05", "--malformed", "0.02"]
    subprocess.run([*command, "--to", str(file), "--quiet"], cwd=paths.ROOT, check=True)
    return Flight(file.read_bytes().splitlines())


def archive_of(lines: Sequence[bytes], folder: Path) -> None:
    """The records as Firehose would write them: files in folders by the hour, a gzip file with two members, and some
    records twice, within a file and in two files. Beside them are files that belong to no record.
    """
    parts = [lines[:2500], lines[2500:4000], lines[4000:]]
    hours = [folder / "2026/11/22" / hour for hour in ("05", "06")]
    for hour in hours:
        hour.mkdir(parents=True)
    (hours[0] / "wildrydes-1-2026-11-22-05-50-00-a").write_bytes(joined([*parts[0], *parts[0][-300:]]))
    (hours[0] / "wildrydes-1-2026-11-22-05-58-20-b").write_bytes(joined(parts[1]))
    halves = [gzip.compress(joined(half)) for half in (parts[2][:900], [*parts[2][900:], *parts[0][:50]])]
    (hours[1] / "wildrydes-1-2026-11-22-06-03-20-c.gz").write_bytes(b"".join(halves))
    (hours[1] / "wildrydes-1-2026-11-22-06-10-00-d").write_bytes(b"")
    (hours[1] / ".DS_Store").write_bytes(joined(lines[:10]) + b"hidden\n")


def joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder for the backfill's temporary folders; none is left at the end. The tests' JVM is unchanged."""
    folder = tmp_path / "state"
    monkeypatch.setattr(folders, "STATE", folder)
    monkeypatch.setattr(distribution, "use", lambda *_variables: None)
    yield folder
    assert list(folder.glob("*")) == []


def computed(folder: Path, scratch: Path, parallelism: int = 2) -> tuple[Lines, Rows]:
    """Flink's result from an archive."""
    archive = backfill_archive.gather([str(folder)], scratch / "laid-out", {}, threading.Event(), say)
    lines, rows = backfill_rows.compute(
        BACKFILL, {"readings": archive}, scratch / "rows", parallelism, threading.Event(), say=say
    )
    return lines, {(row["Name"], row["StatusTime"]): dict(row) for row in rows["sensor_data"]}


@pytest.mark.usefixtures("jvm")
def test_rows_of_an_archive(flight: Flight, tmp_path: Path) -> None:
    """Every reading is in its row, also a late reading; a repeated record counts once.

    Plain and gzip files in folders are read, malformed records are only counted, and hidden files are ignored.
    """
    archive_of(flight.lines, tmp_path / "archive")
    lines, rows = computed(tmp_path / "archive", tmp_path)
    assert rows == flight.rows
    again = [*flight.lines[2200:2500], *flight.lines[:50]]
    verdicts = [oracle.judge(line) for line in [*flight.lines, *again]]
    rubbish = {name: verdicts.count(name) for name in ("COERCION", "PARSE")}
    good = sum(isinstance(verdict, oracle.Reading) for verdict in verdicts)
    assert min(rubbish.values()) > 20
    assert lines.rejected == rubbish
    assert lines.records == good
    assert lines.repeated == sum(isinstance(oracle.judge(line), oracle.Reading) for line in again)
    assert (lines.oldest, lines.newest) == ("2026-11-22 05:50:00.000", max_time(flight.lines))


def max_time(lines: Sequence[bytes]) -> str:
    newest = max(found.event_time for line in lines if isinstance(found := oracle.judge(line), oracle.Reading))
    return newest.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


@pytest.mark.usefixtures("jvm")
def test_an_archive_without_a_reading(tmp_path: Path, table: Stage) -> None:
    """An archive with malformed records only ends in one sentence with their kinds; the table is unchanged."""
    (tmp_path / "rubbish").write_bytes(b'nothing\n{"Name": 1}\n\n')
    with pytest.raises(RunError, match=r"^There is no record in .*rubbish: 1 file of 21 bytes, 1 COERCION, 2 PARSE\.$"):
        table.backfill(tmp_path / "rubbish")
    assert table.rows == {}


@pytest.mark.usefixtures("jvm")
def test_a_broken_gzip_file_is_named(tmp_path: Path, table: Stage) -> None:
    """A truncated gzip file fails the run, and the sentence names the file."""
    archive_of([reading("Shadowfax", "12:00:10.000")] * 5000, tmp_path / "archive")
    broken = tmp_path / "archive/2026/11/22/07.gz"
    broken.write_bytes(gzip.compress(random.Random(1).randbytes(100_000))[:-2000])
    with pytest.raises(RunError, match=r"07\.gz cannot be unpacked \(.*\): get it again, or leave it out\.$"):
        table.backfill(tmp_path / "archive")


class AskedWhileRunning(threading.Event):
    """Set as soon as the batch is waited for, like Ctrl-C at that moment."""

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        self.set()
        return True


@pytest.mark.usefixtures("jvm")
def test_ctrl_c_cancels_the_batch(flight: Flight, tmp_path: Path, table: Stage) -> None:
    """Ctrl-C cancels the Flink job, says that no row was written, and leaves no folder."""
    archive_of(flight.lines, tmp_path / "archive")
    started = time.monotonic()
    with pytest.raises(Stopped, match=r"^Stopped: nothing was written\.$"):
        table.backfill(tmp_path / "archive", asked=AskedWhileRunning(), overwrite=True)
    assert time.monotonic() - started < backfill_rows.CANCEL_LIMIT + 30
    assert table.rows == {}


def test_the_sql_is_the_jobs() -> None:
    """Backfill and job share the text of their tables and views, except for the view of the current time."""

    def views(which: Job) -> dict[str, str]:
        return {view: which.texts[view] for view in which.views}

    ours, theirs = views(BACKFILL), views(JOB)
    shared = set(ours) & set(theirs)
    assert shared == {"checked", "timed", "windowed", "on_time", "summary"}
    assert [view for view in sorted(shared) if ours[view] != theirs[view]] == ["timed"]
    assert set(BACKFILL.sources + BACKFILL.sinks) & set(JOB.sources + JOB.sinks) == {"readings", "sensor_data"}


@pytest.mark.usefixtures("jvm")
def test_the_plan(tmp_path: Path) -> None:
    """One scan and one search for equal lines feed both sinks, and each view fits its sink by name, order and type."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    ends = {sink: files.sink(tmp_path / sink) for sink in BACKFILL.sinks}
    statements.declare(environment, BACKFILL, {"readings": files.source(tmp_path), **ends})
    plan = str(statements.inserts(environment, BACKFILL).explain()).partition("== Optimized Execution Plan ==")[2]
    assert plan.count("TableSourceScan(") == 1
    assert len(re.findall(r"(?<!Local)HashAggregate\(.*groupBy=\[line,", plan)) == 1
    assert plan.count("Sink(") == 2

    def columns(name: str) -> list[tuple[str, str]]:
        schema = environment.from_path(name).get_schema()
        types = [type(type_).__name__.replace("VarChar", "Char") for type_ in schema.get_field_data_types()]
        return list(zip(schema.get_field_names(), types, strict=True))

    for table_, view in BACKFILL.inserts.items():
        assert columns(view) == columns(table_)


# -------------------------------------------------------------------------------------------------- against a table


@dataclass(frozen=True)
class Stage:
    """A table on the emulator, for a single test."""

    aws: emulator.Emulator
    name: str
    job: Job = field(default=JOB, hash=False)

    @property
    def settings(self) -> settings.Settings:
        groups = {"aws": {"region": "us-east-1", "endpoint": self.aws.endpoint}, "sensor_data": {"table": self.name}}
        document = [{"PropertyGroupId": name, "PropertyMap": values} for name, values in groups.items()]
        return settings.parse(document, self.job)

    @property
    def table(self) -> Table:
        return backfill_table.connect(self.job, "sensor_data", self.settings, time.sleep)

    @property
    def rows(self) -> Rows:
        """All items of the table."""
        items = proof.items(resources.clients(self.aws.environment)[1], self.name)
        return {(item["Name"], item["StatusTime"]): item for item in items}

    def backfill(self, source: object, asked: threading.Event | None = None, **options: Any) -> Report:
        """Run the whole backfill."""
        given = Options({"readings": [str(source)]}, **options)
        (report,) = backfill.run(self.job, given, self.settings, asked or threading.Event(), say).reports
        return report

    def settle(self, rows: Rows, **options: Any) -> Report:
        """Run the part of the backfill that follows the computation of the rows."""
        return backfill.settle(rows.values(), self.table, Options({}, **options), threading.Event())


@pytest.fixture
def table(aws: emulator.Emulator, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An empty table for the test, and the credentials for it."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    stage = Stage(aws, f"backfill-{next(NUMBERS)}")
    create(aws, stage.name)
    return stage


def create(aws: emulator.Emulator, name: str, sort_key: str = "StatusTime") -> None:
    keys = {"Name": "HASH", sort_key: "RANGE"}
    resources.clients(aws.environment)[1].create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],  # type: ignore[misc]
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
    )


@pytest.mark.usefixtures("jvm")
def test_rows_hurt_by_late_data_are_repaired(
    flight: Flight, tmp_path: Path, table: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job runs first and leaves out late readings; the backfill from S3 adds them and changes no other row.
    A second run changes nothing.
    """
    outcome = sql.run(flight.lines, tmp_path / "job")
    late = [error for error in outcome.errors if error["ERROR_NAME"] == "LATE"]
    hurt = {(row["Name"], row["StatusTime"]): row for row in outcome.table}
    assert len(late) > 50
    assert hurt.keys() == flight.rows.keys()
    differing = sum(hurt[key] != row for key, row in flight.rows.items())
    assert differing > 30
    table.table.put(list(hurt.values()))

    archive_of(flight.lines, tmp_path / "archive")
    s3 = resources.account(table.aws.environment).client("s3")
    s3.create_bucket(Bucket=table.name)
    for path in sorted(path for path in (tmp_path / "archive").rglob("*") if path.is_file()):
        if path.name != ".DS_Store":
            s3.upload_file(str(path), table.name, str(path.relative_to(tmp_path / "archive")))
    s3.put_object(Bucket=table.name, Key="2027/other", Body=joined([reading("Boxer", "12:00:10.000")]))
    properties = tmp_path / "application_properties.json"
    properties.write_text(json.dumps([group("aws", table.settings), group("sensor_data", table.settings)]))
    arguments = ["--from", f"s3://{table.name}/2026/", "--properties", str(properties)]
    assert command(*arguments) == 0
    said = capsys.readouterr()
    assert table.rows == flight.rows
    counts = f"{len(hurt)} rows: 0 new, {differing} changed, {len(hurt) - differing} equal, 0 smaller than in the table"
    assert counts in said.out
    assert f"{differing} rows written to {table.name}" in said.out
    assert "Changed, from the table's to the archive's:\n  " in said.out
    assert "backfill: downloading s3://" in said.err

    monkeypatch.setattr(Table, "put", lambda _self, rows: pytest.fail("it writes") if rows else None)
    assert command(*arguments, "--parallelism", "1") == 0
    assert f"{len(hurt)} rows: 0 new, 0 changed, {len(hurt)} equal, 0 smaller" in capsys.readouterr().out
    assert table.rows == flight.rows


def group(name: str, chosen: settings.Settings) -> dict[str, Any]:
    known = {"aws": ("region", "endpoint"), "sensor_data": ("table",)}[name]
    return {"PropertyGroupId": name, "PropertyMap": {key: chosen.groups[name][key] for key in known}}


def command(*arguments: str) -> int:
    """`python -m jobs backfill unicorn_summary` with these arguments; its exit code."""

    def ended() -> int:
        try:
            code: int = backfill_command.backfill.main(["unicorn_summary", *arguments], standalone_mode=False)
        except click.UsageError as error:
            print(error.format_message(), file=sys.stderr)
            return error.exit_code
        return code

    return guarded(ended)


def row(name: str, time_: str, distance: int = 1800, low: int = 140, high: int = 160) -> dict[str, Any]:
    numbers = {"Distance": distance, "MinMagicPoints": low, "MaxMagicPoints": high}
    numbers |= {"MinHealthPoints": low, "MaxHealthPoints": high}
    return {"Name": name, "StatusTime": DAY + time_, **{column: Number(str(n)) for column, n in numbers.items()}}


def keyed(*rows: dict[str, Any]) -> Rows:
    return {(one["Name"], one["StatusTime"]): one for one in rows}


SAME = row("Boxer", "12:01:00.000")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.EQUAL),
        ({"Distance": 1801}, Verdict.CHANGED),
        ({"Distance": 1799}, Verdict.SMALLER),
        ({"MinMagicPoints": 139}, Verdict.CHANGED),
        ({"MinMagicPoints": 141}, Verdict.SMALLER),
        ({"MaxMagicPoints": 161}, Verdict.CHANGED),
        ({"MaxMagicPoints": 159}, Verdict.SMALLER),
        ({"MinHealthPoints": 139}, Verdict.CHANGED),
        ({"MinHealthPoints": 141}, Verdict.SMALLER),
        ({"MaxHealthPoints": 161}, Verdict.CHANGED),
        ({"MaxHealthPoints": 159}, Verdict.SMALLER),
        ({"Distance": 1900, "MaxHealthPoints": 159}, Verdict.SMALLER),  # one column is enough
        ({"Distance": 1799, "MaxHealthPoints": 161}, Verdict.SMALLER),
    ],
)
def test_what_a_row_is_to_the_table(changes: Mapping[str, int], verdict: Verdict) -> None:
    """A further reading can only widen the extremes and add to Distance; a row with less has lost a reading."""
    item = dict(SAME)
    assert compare({**SAME, **{name: Decimal(n) for name, n in changes.items()}}, item, MERGE) is verdict


@pytest.mark.parametrize(
    ("once", "each", "verdict"),
    [
        (1700, 1800, Verdict.REPEATED),  # the table counts each of the equal lines
        (1700, 1830, Verdict.REPEATED),  # and also lacks a late reading
        (1700, 1730, Verdict.SMALLER),  # so the archive also lacks readings
        (1800, 1900, Verdict.EQUAL),  # Firehose has delivered twice; the job has counted once
        (1850, 1900, Verdict.CHANGED),
        (1700, None, Verdict.SMALLER),  # it has no repeated line
    ],
)
def test_a_row_of_lines_that_stand_there_twice(once: int, each: int | None, verdict: Verdict) -> None:
    """A row smaller than the item is REPEATED, not SMALLER, if counting each equal line explains the difference."""
    item = dict(SAME)
    other = None if each is None else {**SAME, "Distance": Decimal(each)}
    assert compare({**SAME, "Distance": Decimal(once)}, item, MERGE, other) is verdict


def test_a_row_is_new_without_an_item_and_changed_without_a_column() -> None:
    """An item that lacks a column, or has a text in its place, is less than any row."""
    item: dict[str, Any] = dict(SAME)
    assert compare(SAME, {}, MERGE) is Verdict.NEW
    assert compare(SAME, {**item, "Distance": "1800"}, MERGE) is Verdict.CHANGED
    del item["MaxMagicPoints"]
    assert compare(SAME, item, MERGE) is Verdict.CHANGED


TABLE = keyed(
    row("Boxer", "12:01:00.000"),
    row("Boxer", "12:02:00.000", 1700),
    row("Boxer", "12:03:00.000"),
)
COMPUTED = keyed(
    row("Boxer", "12:01:00.000", 300, 149, 151),  # the archive begins in the middle of this minute
    row("Boxer", "12:02:00.000", 1800, 139, 161),  # late readings
    row("Boxer", "12:03:00.000"),
    row("Boxer", "12:04:00.000"),  # not in the table
)
FIRST, SECOND, THIRD, FOURTH = COMPUTED
NEW, CHANGED, EQUAL, REPEATED, _, SMALLER = Verdict


@pytest.mark.parametrize(
    ("options", "taken", "kept"),
    [
        ({}, [SECOND], {SMALLER: 1, NEW: 1}),
        ({"since": DAY + "12:01:00.000"}, [SECOND], {NEW: 1}),
        ({"until": DAY + "12:04:00.000"}, [SECOND], {SMALLER: 1, NEW: 1}),
        ({"since": DAY + "12:01:00.000", "until": DAY + "12:04:00.000"}, [SECOND, FOURTH], {}),
        ({"since": DAY + "12:00:00.000", "until": DAY + "12:04:00.000"}, [SECOND, FOURTH], {SMALLER: 1}),
        ({"since": DAY + "12:02:00.000", "until": DAY + "12:03:00.000"}, [], {}),
        ({"overwrite": True}, [FIRST, SECOND, FOURTH], {}),
        ({"overwrite": True, "until": DAY + "12:01:00.000"}, [FIRST], {}),
    ],
)
def test_a_part_of_an_archive_spoils_no_row(
    options: dict[str, Any], taken: list[oracle.Key], kept: dict[Verdict, int], table: Stage
) -> None:
    """Larger rows are written; new rows only within both bounds, smaller rows only with --overwrite, rows outside
    the bounds never. A dry run reports the same and writes nothing; a second run has nothing to write.
    """
    table.table.put(list(TABLE.values()))
    dry = table.settle(COMPUTED, **options, dry_run=True)
    assert table.rows == TABLE
    report = table.settle(COMPUTED, **options)
    assert report == dry
    assert table.rows == {**TABLE, **{key: COMPUTED[key] for key in taken}}
    assert (report.written, dict(report.kept)) == (len(taken), kept)
    assert report.verdicts.total() + report.outside == len(COMPUTED)
    again = table.settle(COMPUTED, **options)
    assert (again.written, dict(again.kept)) == (0, kept)


@pytest.mark.usefixtures("jvm")
def test_what_a_producer_sent_twice(tmp_path: Path, table: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """The job, like KDA, counts a record twice that was sent twice: the report has both figures; --once corrects.

    A line that Firehose delivered twice changes nothing. A row whose readings the archive lacks is not such a row.
    """
    boxer = [reading("Boxer", f"12:00:{second:02d}.000") for second in range(5)]
    clover = [reading("Clover", f"12:00:{second:02d}.000") for second in range(5)]
    artax = [reading("Artax", f"12:00:{second:02d}.000") for second in range(5)]
    counted_by_the_job = oracle.rows([*boxer, boxer[0], boxer[0], *clover, *artax, artax[0]])
    right = oracle.rows([*boxer, *clover, *artax[:3]])
    table.table.put(list(counted_by_the_job.values()))
    archive = tmp_path / "archive.jsonl"
    archive.write_bytes(joined([*boxer, boxer[0], boxer[0], *clover, clover[3], *artax[:3], artax[0]]))
    properties = tmp_path / "application_properties.json"
    properties.write_text(json.dumps([group("aws", table.settings), group("sensor_data", table.settings)]))
    arguments = ["--from", str(archive), "--properties", str(properties)]

    assert command(*arguments) == 1
    said = capsys.readouterr().out
    assert table.rows == counted_by_the_job
    name, minute = next(key for key in right if key[0] == "Boxer")
    twice, once = (rows[name, minute]["Distance"] for rows in (counted_by_the_job, right))
    assert "Computed 3 rows: 0 new, 0 changed, 1 equal, 1 smaller for repeated lines alone, 1 smaller than" in said
    assert f"  Boxer {minute}: Distance {twice} to {once} ({twice} with each line counted)" in said
    assert "Not written, as repeated lines alone make them smaller: 1." in said
    assert "Not written, as they are smaller: 1. The table counts records that the archive lacks." in said

    assert command(*arguments, "--once") == 1, "what the archive lacks is still kept"
    assert "1 rows written" in capsys.readouterr().out
    assert table.rows == {**counted_by_the_job, (name, minute): right[name, minute]}
    archive.write_bytes(joined([*boxer, boxer[0], *clover]))
    assert command(*arguments, "--once") == 0
    assert "0 new, 0 changed, 2 equal, 0 smaller than" in capsys.readouterr().out


def test_more_rows_than_one_call_takes(table: Stage) -> None:
    """Rows are read in batches of 100 and written in batches of 25: no row is lost between batches."""
    rows = keyed(*(row(f"unicorn {n}", f"12:{n % 60:02d}:00.000", n) for n in range(260)))
    table.table.put(list(rows.values())[::3])
    report = table.settle(rows, overwrite=True)
    assert table.rows == rows
    assert (report.verdicts[Verdict.EQUAL], report.written) == (87, 173)


def test_ctrl_c_while_writing(table: Stage) -> None:
    """Ctrl-C stops the writing between two calls, and the report has the number of rows written."""
    rows = keyed(*(row(f"unicorn {n}", "12:01:00.000") for n in range(250)))
    asked = threading.Event()
    asked.set()
    with pytest.raises(Stopped, match=r"^Stopped: 100 rows had been written, and may stay; run it again\.$"):
        backfill.settle(rows.values(), table.table, Options({}, overwrite=True), asked)
    assert len(table.rows) == 100


# ------------------------------------------------------------------------------------------------------- other jobs


@pytest.mark.parametrize(
    ("merge", "computed", "verdict"),
    [
        (Declared(grows=("n",)), {"avg": Decimal("1.5")}, Verdict.CHANGED),  # a column in no list decides nothing
        (Declared(grows=("n",)), {"avg": Decimal("2.5")}, Verdict.CHANGED),
        (Declared(grows=("n",)), {"n": Decimal(9), "avg": Decimal("2.5")}, Verdict.SMALLER),
        (Declared(shrinks=("n",)), {"n": Decimal(9)}, Verdict.CHANGED),
        (Declared(shrinks=("n",)), {"n": Decimal(11)}, Verdict.SMALLER),
        (Declared(grows=("n",)), {"n": None}, Verdict.SMALLER),
        (Declared(grows=("n",)), {"text": "b"}, Verdict.CHANGED),
        (Declared(grows=("n",)), {"text": None}, Verdict.CHANGED),
        (Declared(grows=("n",)), {"none": None, "new": None}, Verdict.EQUAL),
        (Declared(grows=("n",)), {"n": Number("1.0E1"), "avg": Number("2.00")}, Verdict.EQUAL),
        (Declared(), {"n": Decimal(11)}, Verdict.DIFFERENT),  # there is no rule for the fuller row
        (Declared(), {"text": "b"}, Verdict.DIFFERENT),
        (Declared(), {}, Verdict.EQUAL),
    ],
)
def test_what_a_row_is_by_the_jobs_own_rule(merge: Declared, computed: Mapping[str, Any], verdict: Verdict) -> None:
    """job.toml lists the columns that only rise or only fall; numbers compare as numbers, a missing number is NULL."""
    item = {"k": "a", "n": Decimal(10), "avg": Decimal(2), "text": "a", "none": None}
    assert compare({**item, **computed}, item, merge) is verdict


def test_different_rows_are_written_where_the_archive_is_whole() -> None:
    """A different row may be fuller or poorer: it is written only within both bounds, or with --overwrite."""
    bounds = {"since": DAY + "12:00:00.000", "until": DAY + "13:00:00.000"}
    for options in ({}, {"since": bounds["since"]}, {"until": bounds["until"]}, {"once": True}):
        assert not Options({}, **options).allows(Verdict.DIFFERENT), options  # type: ignore[arg-type]
    assert Options({}, **bounds).allows(Verdict.DIFFERENT)
    assert Options({}, overwrite=True).allows(Verdict.DIFFERENT)


@pytest.mark.parametrize("text", ["1.0E10", "1.0E-5", "149.5", "-3", "0.1"])
def test_a_number_is_written_as_flink_writes_it(text: str) -> None:
    """A number is written in Java's text, as in Flink's files, and compared by its value."""
    (read,) = json.loads(f"[{text}]", parse_int=Number, parse_float=Number)
    assert backfill_table._item({"n": read, "b": True, "t": "x", "none": None}) == {
        "n": {"N": text},
        "b": {"BOOL": True},
        "t": {"S": "x"},
    }
    assert read == Decimal(text)
    attributes = backfill_table._item({"n": read, "b": False, "none": None})
    assert {name: backfill_table.plain(one) for name, one in attributes.items()} == {
        "n": Decimal(text),
        "b": False,
    }
    assert backfill_table.plain({"NULL": True}) is None


def test_what_dynamodb_cannot_hold_is_a_sentence() -> None:
    """A value that DynamoDB cannot store (NaN), or a type that the sink writes in another form, ends in a sentence."""
    with pytest.raises(RunError, match=r"^The archive makes n NaN, which DynamoDB cannot hold: .* k a, n NaN\.$"):
        backfill_table.checked({"k": "a", "n": "NaN"}, {"k": "S", "n": "N"})
    table = JOB.texts["sensor_data"].replace("Distance BIGINT", "Distance TIMESTAMP(3)")
    other = replace(JOB, texts={**JOB.texts, "sensor_data": table})
    with pytest.raises(RunError, match=r"^The column Distance of sensor_data is a TIMESTAMP\(3\): a backfill writes"):
        backfill_table.types(other, "sensor_data")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime", "StatusTime"),
        ("DATE_FORMAT(w.window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS `StatusTime`", "StatusTime"),
        ("CAST(window_end AS STRING) AS StatusTime", "StatusTime"),
        ("DATE_FORMAT(window_end, 'HH:mm') AS StatusTime", None),  # does not sort like the time
        ("DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime", None),
    ],
)
def test_the_end_of_a_window_is_found_in_the_sql(text: str, column: str | None, tmp_path: Path) -> None:
    """--since and --until select rows by the end of the window; without such a column they are refused."""
    view = JOB.texts["summary"].replace("DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime", text)
    other = replace(JOB, texts={**JOB.texts, "summary": view})
    assert backfill_table.end_column(other, "sensor_data") == column
    if column is None:
        options = Options({"readings": [str(tmp_path)]}, since=DAY + "12:00:00.000")
        with pytest.raises(Unusable, match=r"^--since and --until do not apply to unicorn_summary: the key of sensor"):
            backfill_command.run(other, options, None)


def test_archives_of_several_sources() -> None:
    """With several sources, each archive is given with its source's name; a single source needs no name."""
    assert backfill_command.sources_of(JOB, ["a", "b=c"]) == {"readings": ["a", "b=c"]}

    class Two:
        def backfill(self) -> Job:
            return replace(BACKFILL, sources=("readings", "horses"))

    named: Any = Two()
    assert backfill_command.sources_of(named, ["horses=h", "readings=a", "readings=b"]) == {
        "readings": ["a", "b"],
        "horses": ["h"],
    }
    for given, said in (
        (["a"], "'a' is not SOURCE=WHERE .*there are readings, horses"),
        (["READINGS=a"], "did you mean 'readings'?"),
        (["readings=a"], "there is no archive of horses"),
    ):
        with pytest.raises(click.BadParameter, match=said):
            backfill_command.sources_of(named, given)


@pytest.fixture(scope="module")
def with_average(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The job with a further column, a mean, added to the view and to the two sink tables."""
    folder = tmp_path_factory.mktemp("jobs") / "unicorn_summary"
    shutil.copytree(JOB.folder, folder)
    view = folder / "views" / "summary.sql"
    more = "MAX(record.HealthPoints) AS MaxHealthPoints"
    view.write_text(
        view.read_text().replace(more, f"{more},\n    AVG(CAST(record.HealthPoints AS DOUBLE)) AS AvgHealthPoints")
    )
    for name in ("sensor_data", "summary_stream"):
        table = folder / "tables" / f"{name}.sql"
        last = "MaxHealthPoints INT NOT NULL"
        table.write_text(table.read_text().replace(last, f"{last},\n    AvgHealthPoints DOUBLE NOT NULL"))
    return load(folder)


@pytest.mark.usefixtures("jvm")
def test_a_falling_average_is_repaired(with_average: Job, table: Stage, tmp_path: Path) -> None:
    """A late record that only lowers a mean changes its row; a second run changes nothing.

    The numbers are those that Flink's own sink would have written.
    """
    health = (150, 151, 149, 150, 149)
    lines = [
        reading("Boxer", f"12:00:{second:02d}.000", health=points, distance=0.0) for second, points in enumerate(health)
    ]
    (tmp_path / "archive").write_bytes(joined(lines))
    average = Decimal("150.0")
    stored = row("Boxer", "12:01:00.000", 0) | {"MinHealthPoints": 149, "MaxHealthPoints": 151}
    stored |= {"MinMagicPoints": 150, "MaxMagicPoints": 150, "AvgHealthPoints": average}
    table.table.put([stored])
    there = replace(table, job=with_average)
    assert {float(one["AvgHealthPoints"]) for one in there.rows.values()} == {150.0}
    report = there.backfill(tmp_path / "archive")
    assert dict(report.verdicts) == {Verdict.CHANGED: 1}
    (item,) = there.rows.values()
    assert item["AvgHealthPoints"] == 149.8
    again = there.backfill(tmp_path / "archive")
    assert dict(again.verdicts) == {Verdict.EQUAL: 1}


# ------------------------------------------------------------------------------------------------------- resending


class FakeTable:
    """A partial DynamoDB: leaves undone as `undone(call, name)` says, and fails as `raises` says."""

    def __init__(
        self, undone: Callable[[int, str], bool] = lambda *_: False, raises: Mapping[int, Exception] | None = None
    ) -> None:
        self.calls: list[list[str]] = []
        self.undone = undone
        self.raises = raises or {}

    def _split(self, names: list[str]) -> tuple[list[int], list[int]]:
        call = len(self.calls)
        self.calls.append(names)
        if call in self.raises:
            raise self.raises[call]
        left = [n for n, name in enumerate(names) if self.undone(call, name)]
        return [n for n in range(len(names)) if n not in left], left

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  (boto3's name)
        keys = RequestItems["t"]["Keys"]
        assert RequestItems["t"]["ConsistentRead"]
        done, left = self._split([key["Name"]["S"] for key in keys])
        items = [{**keys[n], "Distance": {"N": "7"}} for n in done]
        return {"Responses": {"t": items}, "UnprocessedKeys": {"t": {"Keys": [keys[n] for n in left]}} if left else {}}

    def batch_write_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  (boto3's name)
        requests = RequestItems["t"]
        _, left = self._split([request["PutRequest"]["Item"]["Name"]["S"] for request in requests])
        return {"UnprocessedItems": {"t": [requests[n] for n in left]} if left else {}}


NOWHERE = Services.at("http://nowhere", "us-east-1")


def fake(client: FakeTable, limit: float = 60.0) -> tuple[Table, list[float]]:
    pauses: list[float] = []
    return Table(client, "t", NOWHERE, COLUMNS, MERGE, pauses.append, Retry(limit)), pauses  # type: ignore[arg-type]


def error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "BatchWriteItem")


def test_exactly_what_was_left_undone_is_sent_again() -> None:
    """Exactly the unprocessed items and keys are sent again, each time after a pause."""
    client = FakeTable(lambda call, name: name in ("b", "c") if call == 0 else (call == 1 and name == "c"))
    table_, pauses = fake(client)
    table_.put([{"Name": name} for name in "abcd"])
    assert client.calls == [["a", "b", "c", "d"], ["b", "c"], ["c"]]
    assert len(pauses) == 2
    client = FakeTable(lambda call, name: call == 0 and name == "b")
    table_, pauses = fake(client)
    found = table_.items([(name, "t") for name in "abc"])
    assert {name: item["Distance"] for (name, _), item in found.items()} == {"a": 7, "b": 7, "c": 7}
    assert client.calls == [["a", "b", "c"], ["b"]]
    assert len(pauses) == 1


@pytest.mark.parametrize(
    "passing",
    [
        error("ProvisionedThroughputExceededException"),
        error("ThrottlingException"),
        error("InternalServerError", 500),
        EndpointConnectionError(endpoint_url="http://nowhere"),
    ],
)
def test_a_call_that_failed_for_a_passing_reason_is_repeated(passing: Exception) -> None:
    """After throttling, or a failure of the service or the network, the whole call is repeated."""
    client = FakeTable(raises={0: passing})
    table_, pauses = fake(client)
    table_.put([{"Name": "a"}, {"Name": "b"}])
    assert client.calls == [["a", "b"]] * 2
    assert len(pauses) == 1


def test_it_gives_up_after_a_while_without_any_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an accepted request within the limit the run ends in a sentence. Each acceptance restarts the limit."""
    clock = [0.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: clock[0])
    client = FakeTable(lambda call, name: not (call == 3 and name == "a"))
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += 20

    table_ = Table(client, "t", NOWHERE, COLUMNS, MERGE, pause, Retry(60))  # type: ignore[arg-type]
    with pytest.raises(RunError, match=r"^The table t at http://nowhere has not taken one of 1 requests for 60 s "):
        table_.put([{"Name": "a"}, {"Name": "b"}])
    assert client.calls == [["a", "b"]] * 4 + [["b"]] * 3
    assert all(0 <= seconds <= 5 for seconds in pauses)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (error("ResourceNotFoundException"), "does not exist: name it in --properties"),
        (error("ValidationException"), "is not keyed by Name (text) and StatusTime (text), as the rows are"),
        (
            error("AccessDeniedException"),
            "said): allow this identity dynamodb:BatchGetItem and",
        ),
    ],
)
def test_what_does_not_pass_is_said_at_once(refusal: Exception, said: str) -> None:
    """A lasting failure is reported at once, without a retry."""
    client = FakeTable(raises={0: refusal})
    table_, pauses = fake(client)
    with pytest.raises(RunError) as raised:
        table_.look_up()
    assert said in str(raised.value)
    assert pauses == []


# ------------------------------------------------------------------------------------------------- the command line


def test_bad_sources_are_one_sentence(
    tmp_path: Path, table: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing or empty source ends the command before Flink starts."""
    monkeypatch.setattr(backfill, "compute", lambda *_: pytest.fail("Flink was started"))
    properties = str(written(tmp_path, table))
    resources.account(table.aws.environment).client("s3").create_bucket(Bucket="empty-bucket")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").write_text("{}\n")
    (tmp_path / "nothing").write_bytes(b"")
    expected = {
        str(tmp_path / "none"): "There is no file or folder ",
        str(tmp_path / "empty"): "There is nothing in ",
        str(tmp_path / "nothing"): "There is nothing in ",
        "s3://empty-bucket/2026/": "There is nothing in s3://empty-bucket/2026/: ",
        "s3://no-such-bucket/2026": "s3://no-such-bucket/2026 does not exist: ",
        "s3:///x": "There is no bucket in s3:///x: ",
    }
    for source, sentence in expected.items():
        assert command("--from", source, "--properties", properties) == 1
        said = capsys.readouterr()
        assert said.out == ""
        told = [one for one in said.err.splitlines() if not one.startswith("backfill: downloading")]
        assert len(told) == 1, told
        (line,) = told
        assert line.startswith(sentence), line
        assert line.endswith(".")


def written(folder: Path, table: Stage) -> Path:
    path = folder / "application_properties.json"
    path.write_text(json.dumps([group("aws", table.settings), group("sensor_data", table.settings)]))
    return path


def test_bad_tables_are_one_sentence(
    aws: emulator.Emulator,
    tmp_path: Path,
    table: Stage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing table, another key, or an unreachable service ends the command before any other step."""
    monkeypatch.setattr(backfill, "gather", lambda *_: pytest.fail("the archive was fetched"))
    monkeypatch.setattr(backfill, "LOOK_LIMIT", 0.5)
    create(aws, f"{table.name}-other", sort_key="Time")
    gone = replace(aws, endpoint="http://127.0.0.1:9")
    cases = {
        replace(table, name="no-such-table"): f"The table no-such-table at {aws.endpoint} does not exist: ",
        replace(table, name=f"{table.name}-other"): f"The table {table.name}-other at {aws.endpoint} is not keyed by ",
        replace(table, aws=gone): f"The table {table.name} at http://127.0.0.1:9 has not taken one of ",
    }
    for stage, sentence in cases.items():
        assert command("--from", str(tmp_path), "--properties", str(written(tmp_path, stage))) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(sentence), said.err
        assert said.err.count("\n") == 1


def test_bad_settings_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings of files have no table; without settings and endpoint the command does not guess one."""
    path = tmp_path / "properties.json"
    path.write_text(json.dumps([{"PropertyGroupId": "files", "PropertyMap": {"input": "in", "output": "out"}}]))
    assert command("--from", "x", "--properties", str(path)) == 2
    assert capsys.readouterr().err == (
        f"The settings in {path} are of files: a backfill needs the group 'aws', where the tables are.\n"
    )
    assert command("--from", "x", "--properties", str(tmp_path / "none.json")) == 2
    assert capsys.readouterr().err.startswith("The settings file ")
    assert command("--from", "x", "--since", "2026-11-22 06:00", "--until", "2026-11-22T06:00Z") == 2
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert command("--from", "x") == 2
    assert capsys.readouterr().err.startswith("No settings: ")


@pytest.mark.parametrize(
    "text", ["2026-11-22", "2026-02-31 06:00", "2026-11-22 06:00:30", "06:00", "now", "2026-1-2 6:00"]
)
def test_bounds_are_minutes(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound is a whole minute with its date, like StatusTime."""
    assert command("--from", "x", "--since", text) == 2
    assert f"{text!r} is not the end of a row's window in UTC, such as '2026-11-22 06:00'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["2026-11-22 06:00", "2026-11-22T06:00", "2026-11-22T06:00Z", "2026-11-22 06:00:00", "2026-11-22 06:00:00.000"],
)
def test_a_bound_is_taken_as_a_status_time(text: str) -> None:
    """A bound in any format is compared as the table's sort key."""
    assert backfill_command.end_of(JOB, "--since", text) == "2026-11-22 06:00:00.000"


def test_the_report() -> None:
    """The report has counts, examples, and the unwritten rows with the reason and the flags that write them."""
    report = Report("UnicornSensorData", ("Name", "StatusTime"))
    lines = Lines({"RECORD": 1234, "DISTINCT": 1230, "PARSE": 5}, DAY + "12:00:07.250", DAY + "12:04:59.999")
    outcome = Outcome({"readings": Archive(Path("x"), 2, 3_900_000)}, lines, [report])
    report.verdicts.update({NEW: 1, CHANGED: 7, EQUAL: 1100, REPEATED: 1, SMALLER: 1})
    report.kept.update({NEW: 1, REPEATED: 1, SMALLER: 1})
    report.examples[CHANGED] = [(row("Boxer", "12:02:00.000"), row("Boxer", "12:02:00.000", 1700, 141), None)]
    report.examples[REPEATED] = [
        (row("Clover", "12:01:00.000", 1770), row("Clover", "12:01:00.000"), row("Clover", "12:01:00.000", 1800))
    ]
    report.examples[SMALLER] = [(row("Boxer", "12:01:00.000", 30), row("Boxer", "12:01:00.000"), None)]
    report.written = 7
    assert backfill_command.tell(JOB, outcome, Options({}, dry_run=True)) == [
        "Read 1,239 lines in 2 files of 3.9 MB.",
        "Records: 1,234, with times from 2026-11-22 12:00:07.250 to 2026-11-22 12:04:59.999.",
        "Repeated lines, counted once: 4. Rejected lines: 5 PARSE.",
        "Computed 1,110 rows: 1 new, 7 changed, 1,100 equal, 1 smaller for repeated lines alone, 1 smaller than in the "
        "table UnicornSensorData.",
        "Changed, from the table's to the archive's:",
        "  Boxer 2026-11-22 12:02:00.000: Distance 1700 to 1800, MinMagicPoints 141 to 140, MinHealthPoints 141 to 140",
        "  and 6 more",
        "Smaller for repeated lines alone, from the table's to the archive's:",
        "  Clover 2026-11-22 12:01:00.000: Distance 1800 to 1770 (1800 with each line counted)",
        "Smaller, from the table's to the archive's:",
        "  Boxer 2026-11-22 12:01:00.000: Distance 1800 to 30",
        "Not written, as repeated lines alone make them smaller: 1. The table counts each of these lines, the "
        "archive's "
        "rows count equal ones",
        "once. It does not say whether the producer sent them twice, or Firehose delivered them twice; if they are one "
        "record each, write these rows with --once.",
        "Not written, as they are smaller: 1. The table counts records that the archive lacks. Give the rest of it, "
        "or name",
        "the windows that are whole in it with --since and --until, or write them all the same with --overwrite.",
        "Not written, as they are new: 1. Windows at the edges of an archive may be incomplete; name those that are "
        "whole, such as",
        "--since '2026-11-22 12:01' --until '2026-11-22 12:04'",
        "7 rows would be written to UnicornSensorData.",
    ]


def test_an_object_keeps_its_time(tmp_path: Path) -> None:
    """A downloaded file has its object's time: its lines had arrived by then, so a later reading was in the future."""
    written_at = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)

    class Service:
        def get_paginator(self, _name: str) -> Service:
            return self

        def paginate(self, **_where: str) -> list[dict[str, Any]]:
            return [{"Contents": [{"Key": "2026/11/22/06/a", "Size": 2, "LastModified": written_at}]}]

        def get_object(self, **_what: str) -> dict[str, Any]:
            return {"Body": StreamingBody(io.BytesIO(b"x\n"), 2)}

    path = tmp_path / "a"
    (item,) = s3.objects(Service(), "bucket", "2026/")
    s3.download(Service(), "bucket", [(item, path)], print)
    assert path.read_bytes() == b"x\n"
    assert path.stat().st_mtime == written_at.timestamp()


def test_a_download_that_breaks_off_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted download starts again, up to a limit: botocore retries only the call, not a truncated answer."""
    monkeypatch.setattr(s3, "RETRY", Retry(limit=0.2, first=0.01))
    item = s3.Object("a", 4, datetime(2026, 11, 22, 7, 0, tzinfo=UTC))
    bodies = [b"12", b"1234"]

    class Service:
        def get_object(self, **_what: str) -> dict[str, Any]:
            return {"Body": StreamingBody(io.BytesIO(bodies.pop(0) if len(bodies) > 1 else bodies[0]), 4)}

    s3.download(Service(), "bucket", [(item, tmp_path / "a")], print)
    assert (tmp_path / "a").read_bytes() == b"1234"
    bodies[:] = [b"12"]
    with pytest.raises(IncompleteReadError):
        s3.download(Service(), "bucket", [(item, tmp_path / "a")], print)
