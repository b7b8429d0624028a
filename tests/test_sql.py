"""The SQL of every job over records on disk: the cases beside it, and rules that a case cannot express."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flink import inputs, trial
from pipeline import cases
from pipeline.job import load, shipped
from program.processes import RunError
from tests import sql
from tests.sql import DAY, Outcome, reading, run

pytestmark = pytest.mark.usefixtures("jvm")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, jvm: Path) -> None:  # noqa: ARG001  (a job needs it first)
    """Run cases in the Flink of the tests."""
    monkeypatch.setattr(trial, "CONFIGURATION", {**trial.CONFIGURATION, **sql.here()})


FILES = [(job, file.name) for job in shipped() for file in sorted((load(job).folder / "tests").glob("*.yaml"))]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("job", "file"), FILES)
def test_the_cases_of_a_job(job: str, file: str, tmp_path: Path) -> None:
    """Every case in a file of tests/*.yaml passes; all cases of a file run in one Flink job, as in `jobs test`."""
    loaded = load(job)
    results = trial.test(loaded, cases.read(loaded.folder / "tests" / file, loaded), tmp_path / "cases")
    assert {result.case.name: result.differences for result in results if result.differences} == {}


@pytest.mark.usefixtures("here")
def test_a_case_that_is_wrong_fails(tmp_path: Path) -> None:
    """The report has each row that differs, is missing or is unexpected; other cases of the file pass."""
    text = (load("unicorn_summary").folder / "tests" / "late.yaml").read_text()
    wrong = tmp_path / "late.yaml"
    wrong.write_text(text.replace("Distance: 10}", "Distance: 11}").replace("{ERROR_NAME: LATE", "{ERROR_NAME: PARSE"))
    job = load("unicorn_summary")
    results = trial.test(job, cases.read(wrong, job), tmp_path / "cases")
    failed = [result for result in results if result.differences]
    assert [result.case.name[:4] for result in failed] == ["late", "a wi"]
    told = "\n".join(failed[0].differences)
    assert "summary_stream: 2 rows expected, 2 came" in told
    assert "sensor_data: 2 rows expected, 2 came" in told
    assert "Distance 10 (expected 11)" in told
    assert 'ERROR_NAME "LATE" (expected "PARSE")' in told


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("summary", "record.Distance", "record.Distence", "Flink refuses views/summary.sql: Column 'record.Distence'"),
        ("readings", "line BYTES", "line BITES", "Flink refuses tables/readings.sql: "),
        (
            "summary",
            "MIN(record.MagicPoints) AS MinMagicPoints,",
            "",
            "sink for 'summary_stream' do not match.\nCause: Different number of columns.\nQuery schema: [",
        ),
        (
            "summary",
            "FROM on_time\nGROUP BY record.Name, window_start, window_end",
            "FROM (SELECT *, window_time AS day_end FROM on_time)\nGROUP BY record.Name, window_end",
            "Flink refuses the job: Table sink 'summary_stream' doesn't support consuming update changes",
        ),
        (
            "summary",
            "record.Name AS Name",
            "CAST(CAST(record.Name AS INT) AS STRING) AS Name",
            "The job failed while it ran: For input string: 'Shadowfax'",
        ),
    ],
)
def test_sql_that_flink_refuses(name: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    """The error has the file, Flink's position and Flink's message; a record that ends the job is another error."""
    job = load("unicorn_summary")
    broken = replace(job, texts={**job.texts, name: job.texts[name].replace(old, new)})
    given = cases.read(job.folder / "tests" / "late.yaml", job)
    with pytest.raises(RunError) as caught, trial.started(tmp_path):
        trial.test(broken, given[:1], tmp_path / "cases")
    assert told in str(caught.value)


def json_with(**changes: str) -> bytes:
    """A good record of Shadowfax at 12:00:10 with some values replaced by other JSON text."""
    fields = {
        "Distance": "30.5",
        "HealthPoints": "150",
        "MagicPoints": "150",
        "Name": '"Shadowfax"',
        "StatusTime": f'"{DAY}12:00:10.000"',
    } | changes
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in fields.items() if value) + "}").encode()


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Long, invalid and late records in one run, each in its own window or in none."""
    lines = [
        json_with(InputData='"' + "x" * 1_000_000 + '"'),
        b"y" * 1_000_000,
        b"bad",
        reading("Shadowfax", "12:30:00.000"),
        reading("Shadowfax", "12:00:00.000", 4),
        json_with(Distance='"far"'),
    ]
    return run(lines, tmp_path_factory.mktemp("sql") / "run")


def test_a_megabyte_is_just_a_long_record(outcome: Outcome) -> None:
    """A good record of a megabyte counts; an invalid record is on the errors stream, cut."""
    rows = {row["StatusTime"]: row["Distance"] for row in outcome.stream}
    assert rows == {DAY + "12:01:00.000": 31, DAY + "12:31:00.000": 30}  # 30.5 rounds half up
    (error,) = (error for error in outcome.errors if error["DATA_ROW"].startswith("y"))
    assert error["ERROR_NAME"] == "PARSE"
    assert error["DATA_ROW"] == "y" * 150_000
    assert "DATA_ROW has the first 150000 of 1000000 characters" in error["MESSAGE"]


def test_columns_of_rows_and_errors(outcome: Outcome) -> None:
    """Rows and errors have exactly the contract's columns, in its order."""
    row: dict[str, Any] = outcome.stream[0]
    assert list(row) == [
        "Name",
        "StatusTime",
        "Distance",
        "MinMagicPoints",
        "MaxMagicPoints",
        "MinHealthPoints",
        "MaxHealthPoints",
    ]
    assert list(outcome.table[0]) == list(row)
    (error,) = (error for error in outcome.errors if error["DATA_ROW"] == "bad")
    assert list(error) == [
        "ERROR_TIME",
        "ERROR_LEVEL",
        "ERROR_NAME",
        "MESSAGE",
        "DATA_ROWTIME",
        "DATA_ROW",
        "PUMP_NAME",
    ]
    assert error["PUMP_NAME"] == "unicorn_summary"
    assert error["DATA_ROWTIME"] is None


def test_row_time_of_a_late_reading(outcome: Outcome) -> None:
    """DATA_ROWTIME is the record's own event time, if it has a valid event time."""
    times = sorted((row["ERROR_NAME"], row["DATA_ROWTIME"]) for row in outcome.errors if row["DATA_ROWTIME"])
    assert times == [("COERCION", DAY + "12:00:10.000"), ("LATE", DAY + "12:00:00.000")]


TICKS = {
    "job.toml": """# Lines per ten seconds of arrival.

[insert]
counts = "per_ten_seconds"
error_stream = "errors"

[table.ticks]
connector = "kinesis"
stream = "ticks"

[table.counts]
connector = "kinesis"
stream = "counts"

[table.error_stream]
connector = "kinesis"
stream = "ticks-errors"
""",
    "tables/ticks.sql": """CREATE TABLE ticks (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    WATERMARK FOR arrival AS shard_watermark(arrival, shard, INTERVAL '0 00:00:01' DAY TO SECOND)
)
""",
    "tables/counts.sql": "CREATE TABLE counts (ends STRING, n BIGINT)\n",
    "views/per_ten_seconds.sql": """SELECT DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss') AS ends, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(arrival), INTERVAL '10' SECOND))
GROUP BY window_start, window_end
""",
    "views/rejects.sql": """SELECT
    'PARSE' AS error_name, 'no tick' AS message, CAST(arrival AS TIMESTAMP(3)) AS row_time, shard, sequence_number,
    part, DECODE(line, 'UTF-8') AS text
FROM ticks
WHERE DECODE(line, 'UTF-8') = 'bad'
UNION ALL
SELECT
    'DIVISION' AS error_name, 'pump P: 1 / 0' AS message, CAST(arrival AS TIMESTAMP(3)) AS row_time,
    CAST(NULL AS STRING) AS shard, CAST(NULL AS STRING) AS sequence_number, CAST(NULL AS STRING) AS part, '' AS text
FROM ticks
WHERE DECODE(line, 'UTF-8') = 'zero'
""",
}


@pytest.mark.usefixtures("here")
def test_records_that_arrive_one_after_the_other(tmp_path: Path) -> None:
    """With a step, windows of arrivals show in a run over files. An error says where its record is, if it has one."""
    folder = tmp_path / "ticks"
    for name, text in TICKS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    records = tmp_path / "records"
    records.mkdir()
    for name, lines, begin in (("a", b"x\r\nx\nbad\nx\n", "12:00:00"), ("b", b"x\nzero", "12:00:08")):
        (records / name).write_bytes(lines)
        moment = datetime.fromisoformat(f"{DAY}{begin}+00:00").timestamp()
        os.utime(records / name, (moment, moment))
    trial.over_files(load(folder), inputs.read(load(folder), [str(records)]), tmp_path / "rows", step=4)
    counts = cases.rows(tmp_path / "rows" / "counts")
    assert sorted((row["ends"], row["n"]) for row in counts) == [(f"{DAY}12:00:10", 4), (f"{DAY}12:00:20", 2)]
    errors = cases.rows(tmp_path / "rows" / "error_stream")
    assert {(row["MESSAGE"], row["DATA_ROWTIME"]) for row in errors} == {
        ("no tick (a, sequence number 3)", f"{DAY}12:00:08.000"),
        ("pump P: 1 / 0", f"{DAY}12:00:12.000"),
    }
