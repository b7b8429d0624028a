"""`python -m jobs watch` and `jobs run --show`: which rows are shown, of a file and beside a running job."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from connectors import sample
from consumer.tail import stored
from flink import inputs, trial
from flink.watch import picture, reading
from jobs import __main__ as command
from kda import __main__ as kda
from local import emulator, running
from pipeline import binding, results, settings, statements
from pipeline.job import load
from program import tables
from tests import sql
from tests.emulated import job_here, send, sent_lines, stage, wait_for

BIKES = load("bike_rentals")
RENTALS = BIKES.folder / "origin" / "sample.jsonl"
STATIONS = BIKES.folder / "reference" / "stations.csv"


# Without Flink


@pytest.fixture(autouse=True)
def no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of parallel tests says that it has 80 columns, by which a pipe's lines would be cut off."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        ("bike_rentals", ["RENTALS_001", "BY_DISTRICT", "BUSIEST", "DISTRICTS", "errors"]),
        ("turbines", ["SOURCE_SQL_STREAM_001", "RUNNING_", "GEARBOXES", "ALARMS", "SITES", "errors"]),
        ("unicorn_summary", ["summary", "errors"]),
        ("cloudfront_requests", ["per_minute", "per_system", "errors"]),
    ],
)
def test_what_is_shown(job: str, shown: list[str]) -> None:
    """In-application streams, outputs and errors are shown by default; steps on the way and reference data are not."""
    assert results.of(load(job)) == shown


SEVERAL = """CREATE STREAM SCORES (N INTEGER, S DOUBLE);
CREATE PUMP P AS INSERT INTO SCORES
SELECT STREAM "n", ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "n" FROM IN_001)));
CREATE STREAM "SCORES_checked" (N INTEGER);
CREATE PUMP Q AS INSERT INTO "SCORES_checked" SELECT STREAM 10 / N FROM SCORES WHERE S < 3;
CREATE STREAM COUNTS (N INTEGER);
CREATE PUMP R AS INSERT INTO COUNTS SELECT STREAM COUNT(*) FROM OTHER_001
WINDOWED BY STAGGER (PARTITION BY "n" RANGE INTERVAL '1' MINUTE);
"""


def test_steps_of_a_migrated_job(tmp_path: Path) -> None:
    """Of several inputs, of scores and of stagger windows no step is shown; a stream named like a step is."""
    inputs = [
        {
            "NamePrefix": prefix,
            "KinesisStreamsInput": {"ResourceARN": f"arn:aws:kinesis:eu-west-1:111111111111:stream/{prefix}"},
            "InputSchema": {
                "RecordFormat": {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {}}},
                "RecordColumns": [{"Name": "n", "SqlType": "INTEGER", "Mapping": "$.n"}],
            },
        }
        for prefix in ("IN", "OTHER")
    ]
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"ApplicationCode": SEVERAL, "Inputs": inputs}), encoding="utf-8")
    assert kda.main(["migrate", str(file), "--into", str(tmp_path / "several")]) in (0, 1)
    shown = results.of(load(tmp_path / "several"))
    assert sorted(shown) == ["COUNTS", "IN_001", "OTHER_001", "SCORES", "SCORES_checked", "errors"]


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """--list has all views and sources with the first sentence of their comment, and marks those shown by default."""
    assert command.main(["watch", "bike_rentals", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[2:].split()[0] for line in lines[:-1]] == [*BIKES.sources, *BIKES.views]
    assert "* BUSIEST                  The three districts with most rentals of a minute." in lines
    assert "  DISTRICTS_tried          One row per result of pump DISTRICTS_PUMP; failure says why it is none." in lines
    assert lines[-1] == "* is shown without --view."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("watch bike_rentals --view BUSIST", "bike_rentals has no view BUSIST (did you mean 'BUSIEST'?)."),
        ("watch bike_rentals --view by_district", "has no view by_district (did you mean 'BY_DISTRICT'?)."),
        ("watch Bike_Rentals", "there is no such job (did you mean 'bike_rentals'?)."),
        ("watch bike_rentals --start LATEST --input x", "--start and --properties have no effect with it."),
        ("watch bike_rentals --arrival-step 1", "--arrival-step needs --input"),
        ("watch unicorn_summary --input nowhere", "There is no file or folder nowhere."),
        ("run bike_rentals --show errors", "`python -m jobs watch bike_rentals` shows the rows of a job on streams."),
        ("run bike_rentals --input x --show zebra", "bike_rentals has no view zebra (there are RENTALS, STATIONS_file"),
    ],
)
def test_wrong_usage(arguments: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence before Flink starts; that of a name that does not exist has the names that do."""
    assert command.main(arguments.split()) == 2
    assert told in capsys.readouterr().err


def test_no_reader_takes_the_place_of_the_jobs() -> None:
    """A watch reads from a time, seldom, and without fan-out, whose consumer has the job's name; the rest stays."""
    groups = {
        "aws": {"region": "us-east-1"},
        "RENTALS": {"stream": "rented", "reader": "EFO", "consumer": "bikes", "start": "TRIM_HORIZON"},
    }
    chosen = settings.parse(settings.document_of(BIKES, groups), BIKES)
    begin = reading.begin(datetime(2026, 11, 28, 12, 0, 40, tzinfo=UTC))
    assert begin == "2026-11-28T11:59:00.000+00:00"
    before, after = (binding.connectors(one) for one in (chosen, reading.beside(chosen, begin)))
    changed = dict(after["RENTALS"].options.items() - before["RENTALS"].options.items())
    assert changed == {"source.init.position": "AT_TIMESTAMP", "source.init.timestamp": begin, **reading.GENTLY}
    gone = before["RENTALS"].options.keys() - after["RENTALS"].options.keys()
    assert gone == {"source.reader.type", "source.efo.consumer.name"}
    assert after["STATIONS_file"] == before["STATIONS_file"]


@pytest.mark.parametrize(
    ("values", "names", "room", "widths"),
    [
        ([5, 3], [4, 8], 20, [5, 8]),  # all fit
        ([5, 3], [4, 8], 10, [5, 5]),  # a name has what values leave
        ([40, 30, 4], [1, 1, 1], 34, [15, 15, 4]),  # the widest become equal
        ([40, 30], [1, 1], 3, [6, 6]),  # none vanishes
    ],
)
def test_columns_fit_a_line(values: list[int], names: list[int], room: int, widths: list[int]) -> None:
    """The widest values are cut off first; the name of a column is cut off before any value."""
    assert tables.fitted(values, names, room) == widths


def test_null_is_no_text() -> None:
    """NULL stands alone; an empty text, and the text NULL, stand in quotes, as does a text that begins with one."""
    values = {None: "NULL", "": "''", "NULL": "'NULL'", "null": "null", " a": "' a'", "''": "''''''", 0: "0"}
    assert {value: tables.cell(value).plain for value in values} == values
    assert tables.cell({"a": None, "b": ""}).plain == '{"a": null, "b": ""}'
    long = tables.cell(" " * 1000).plain
    assert len(long) == tables.LONGEST + len("...")


@pytest.mark.parametrize("height", [24, 60])
def test_a_picture_fits_the_terminal(height: int) -> None:
    """Each view has its title, with the number of all rows; newest rows fill the terminal, and no line is too long."""
    ends = {"BUSIEST": ", written to y", "errors": ""}
    scene = picture.Scene(BIKES, "stream x", "12:00", "A note.", ["RENTALS"], ends, None)
    row = {"ITEM": "a" * 90, "ITEM_COUNT": 1}
    many = deque(("+I", {**row, "ITEM_COUNT": number}) for number in range(100))
    record = {"line": "x", "arrival": "2026-11-28 12:03:04.567"}
    seen = {"RENTALS": picture.Seen(deque([("+I", record)]), 5_000)}
    seen |= {"BUSIEST": picture.Seen(many, 3_400), "errors": picture.Seen(deque([("+U", row), ("-D", row)]), 2)}
    out = io.StringIO()
    console = Console(file=out, width=80, height=height, force_terminal=True, color_system=None)
    console.print(picture.picture(scene, seen, console.size))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert height - 2 <= len(lines) <= height
    assert max(map(len, lines)) <= 80
    assert lines[:2] == ["bike_rentals: 5,000 records of stream x from 12:00 to 12:03:04 UTC", "A note."]
    shown = height - 2 - 2 * picture.FRAME - 1 - 2
    assert f"BUSIEST: the newest {shown} of 3,400 rows, written to y" in lines
    newest = lines[lines.index("") + 3]
    assert newest.startswith("aaa")
    assert newest.endswith("99")
    errors = lines.index("errors: 2 rows")
    assert [line.split()[0] for line in lines[errors + 1 : errors + 4]] == ["op", "-D", "+U"]


# Of a file


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A folder with rentals, a second apart, and stations, the last of which replaces the first."""
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "RENTALS.jsonl").write_bytes(RENTALS.read_bytes())
    (folder / "STATIONS_file.csv").write_bytes(STATIONS.read_bytes() + b"1,Harbour,99\n")
    arrival = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
    os.utime(folder / "RENTALS.jsonl", (arrival, arrival))
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, jvm: Path) -> None:  # noqa: ARG001  (a job needs it first)
    """Run jobs in the Flink of the tests."""
    monkeypatch.setattr(trial, "CONFIGURATION", {**trial.CONFIGURATION, **sql.here()})


@pytest.mark.usefixtures("here")
def test_all_views_share_a_scan(records: Path, tmp_path: Path) -> None:
    """However many views are shown, with whatever columns, each source is read once."""
    environment = statements.environment(trial.CONFIGURATION)
    sources = trial.sources(BIKES, inputs.read(BIKES, [str(records)]), tmp_path, None)
    connectors = sources | binding.sinks_in(tmp_path / "rows", BIKES)
    statements.declare(environment, BIKES, connectors)
    inserts = environment.create_statement_set()
    for relation in results.relations(BIKES):
        statements.show(environment, inserts, relation, sample.sink(relation, 1))
    plan = str(inserts.explain()).partition("== Optimized Execution Plan ==")[2]
    assert plan.count("TableSourceScan(") == len(BIKES.sources)
    assert plan.count("Sink(") == len(results.relations(BIKES))


@pytest.mark.usefixtures("here")
def test_a_run_shows_views(records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rows of --show are all of the view's; a row that was replaced is none; the sinks' rows stay."""
    arguments = [
        "run",
        "bike_rentals",
        "--input",
        str(records),
        "--arrival-step",
        "1",
        "--output",
        str(tmp_path / "out"),
    ]
    assert command.main([*arguments, "--show", "BY_DISTRICT", "--show", "STATIONS", "--show", "DISTRICTS"]) == 0
    told = capsys.readouterr().out
    found = {path.stem: [json.loads(line) for line in path.open()] for path in (tmp_path / "out").iterdir()}
    assert found.keys() == {"BY_DISTRICT", "STATIONS", "DISTRICTS", *BIKES.sinks}
    rows = [*csv.reader(STATIONS.open()), ["1", "Harbour", "99"]]
    stations = {int(station): (district, int(docks)) for station, district, docks in rows}
    assert {row["station"]: (row["district"], row["docks"]) for row in found["STATIONS"]} == stations
    assert len(found["STATIONS"]) == len(stations)
    assert sorted(map(str, found["BY_DISTRICT"])) == sorted(
        str(
            {
                "district": stations.get(rental["station"], ("unknown", None))[0],
                **{name: rental.get(name) for name in ("station", "bike", "minutes")},
                "docks": stations.get(rental["station"], ("unknown", None))[1],
                "ROWTIME": f"2026-11-27 12:{number // 60:02}:{number % 60:02}.000",
            }
        )
        for number, line in enumerate(RENTALS.read_bytes().splitlines())
        if (rental := counted(line))
    )
    without_times = [{name: row[name] for name in BIKES.columns("DISTRICTS_OUTPUT")} for row in found["DISTRICTS"]]
    assert sorted(map(str, without_times)) == sorted(map(str, found["DISTRICTS_OUTPUT"]))
    assert f"BY_DISTRICT: {len(found['BY_DISTRICT'])} rows" in told
    assert told.index("STATIONS: 8 rows") < told.index("BUSIEST_OUTPUT: ")


def counted(line: bytes) -> dict[str, object] | None:
    """The rental of a record that counts."""
    try:
        rental: dict[str, object] = json.loads(line)
    except ValueError:
        return None
    return rental if isinstance(rental["station"], int) else None


@pytest.mark.usefixtures("here")
def test_a_watch_of_a_file(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with the file. Each view has the number of all its rows, the newest, and what they do to older rows."""
    arguments = ["watch", "bike_rentals", "--input", str(records), "--arrival-step", "1", "--rows", "2"]
    views = ["--view", "STATIONS", "--view", "RENTALS", "--view", "DISTRICTS_OUTPUT", "--every", "600"]
    assert command.main([*arguments, *views]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    heads = [line for line in lines if "UTC  bike_rentals: " in line]
    assert heads[-1].endswith(f"90 records of {records}")
    assert re.search(r"^STATIONS: \d+ new of 9 rows", shown, re.MULTILINE), "the first station was replaced"
    assert re.search(r"^\+U +1  Harbour +99", shown, re.MULTILINE)
    assert re.search(r"^RENTALS: \d+ new of 90 rows, the newest 2, what is in RENTALS$", shown, re.MULTILINE)
    last = RENTALS.read_text(encoding="utf-8").splitlines()[-1]
    assert re.search(rf"^{re.escape(last)} +RENTALS.jsonl +2026-11-27 12:01:29.000", shown, re.MULTILINE)
    assert "DISTRICTS_rows: " in shown
    assert ", written to DISTRICTS_OUTPUT" in shown


# Beside a running job


@pytest.mark.usefixtures("jvm")
def test_beside_a_running_job(aws: emulator.Emulator, tmp_path: Path) -> None:
    """A watch shows rows of a view, of the output and of the errors, from before its start on and while they come.

    Those of the output are the running job's. Ctrl-C ends it with 0 and leaves no process. The job's own rows are those
    of a job that nobody watches.
    """
    made = stage(aws, "watched", 2)
    copies, log = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"], tmp_path / "watch.log"

    def sent() -> int:
        return sum(map(sent_lines, copies))

    flight = ("--unicorns", "6", "--seed", "3", "--rate", "400", "--malformed", "0.05", "--late", "0.02")
    properties = running.write_properties(tmp_path, aws, made.names)
    arguments = ["watch", "unicorn_summary", "--properties", str(properties), "--start", "TRIM_HORIZON", "--every", "1"]
    arguments += ["--view", "timed", "--view", "summary_stream", "--view", "errors", "--rows", "1000"]
    with job_here(made, tmp_path / "job", 2) as at_work, log.open("wb") as output:
        send(made, copies[0], *flight, "--start", "2026-11-22 06:00:00", "--msgs", "1200")
        watch = subprocess.Popen(
            [sys.executable, "-m", "jobs", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=emulator.child(aws.environment),
        )
        try:
            wait_for(lambda: len(printed(log, "summary")) >= 6 or watch.poll() is not None, 120, "rows are shown")
            send(made, copies[1], *flight, "--start", "2026-11-22 06:04:00", "--msgs", "1200")
            wait_for(
                lambda: any(f"{sent():,} records" in line for line in read(log)) or watch.poll() is not None,
                60,
                "the records that came later are shown",
            )
            children = psutil.Process(watch.pid).children(recursive=True)
            watch.send_signal(signal.SIGINT)
            assert watch.wait(60) == 0, log.read_text()[-3000:]
        finally:
            watch.kill()
        running.wait_until_read(at_work, sent())
        at_work.drain(60)
    both = tmp_path / "sent.jsonl"
    both.write_bytes(b"".join(copy.read_bytes() for copy in copies))
    report = made.check(both)
    assert not report.problems, report.problems[:5]
    own = [json.loads(record.data) for record in stored(made.clients[0], made.names.summary)]
    shown = printed(log, "summary")
    assert {(row[0], row[1]) for row in shown} <= {(row["Name"], row["StatusTime"]) for row in own}
    by_key = {(row["Name"], row["StatusTime"]): list(map(str, row.values())) for row in own}
    assert all(by_key[row[0], row[1]] == row for row in shown)
    assert {row[0] for row in printed(log, "errors")} == {"PARSE", "COERCION", "LATE"}
    assert printed(log, "timed")
    assert children, "a JVM was there"
    assert not psutil.wait_procs(children, 10)[1]


def read(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()


def printed(log: Path, view: str) -> list[list[str]]:
    """The rows of a view in the output of a watch, each the texts of its columns."""
    rows: list[list[str]] = []
    is_here = False
    for line in read(log):
        if title := re.match(r"(\w+): [\d,]+ new of ", line):
            is_here, is_head = title[1] == view, True
        elif re.match(r"\d\d:\d\d:\d\d UTC  ", line):
            is_here = False
        elif is_here and is_head:
            is_head = False
        elif is_here:
            rows.append(re.split(r" {2,}", line.strip()))
    return rows
