"""The SQL of every job over records on disk: the cases beside it, and what a case cannot say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flink import trial
from pipeline import cases
from pipeline.job import load, shipped
from program.processes import RunError
from tests.sql import DAY, reading, run

pytestmark = pytest.mark.usefixtures("jvm")

FILES = [(job, file.name) for job in shipped() for file in sorted((load(job).folder / "tests").glob("*.yaml"))]


@pytest.mark.parametrize(("job", "file"), FILES)
def test_the_cases_of_a_job(job: str, file: str, tmp_path: Path) -> None:
    """Every case in a file of tests/*.yaml passes; all of a file are one Flink job, as in `python -m jobs test`."""
    loaded = load(job)
    results = trial.test(loaded, cases.read(loaded.folder / "tests" / file, loaded), tmp_path / "cases")
    assert {result.case.name: result.differences for result in results if result.differences} == {}


def test_a_case_that_is_wrong_fails(tmp_path: Path) -> None:
    """Row by row: what differs, what is missing, what nobody expected; and only in the case that is wrong."""
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
    ],
)
def test_sql_that_flink_refuses(name: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    """The file, where Flink knows which statement it is, and all that it says, with both lists of columns."""
    job = load("unicorn_summary")
    broken = replace(job, texts={**job.texts, name: job.texts[name].replace(old, new)})
    given = cases.read(job.folder / "tests" / "late.yaml", job)
    with pytest.raises(RunError) as caught, trial.started(tmp_path):
        trial.test(broken, given[:1], tmp_path / "cases")
    assert told in str(caught.value)


def json_with(**changes: str) -> bytes:
    """A good record of Shadowfax at 12:00:10 in which some values are replaced by other JSON text."""
    fields = {
        "Distance": "30.5",
        "HealthPoints": "150",
        "MagicPoints": "150",
        "Name": '"Shadowfax"',
        "StatusTime": f'"{DAY}12:00:10.000"',
    } | changes
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in fields.items() if value) + "}").encode()


GOOD = reading("Shadowfax", "12:00:10.000", 30.5)


def test_a_megabyte_is_just_a_long_record(tmp_path: Path) -> None:
    """A good one counts; a bad one is on the errors stream, cut."""
    outcome = run([json_with(InputData='"' + "x" * 1_000_000 + '"'), b"y" * 1_000_000], tmp_path)
    assert [row["Distance"] for row in outcome.stream] == [31]  # 30.5 rounds half up
    (error,) = outcome.errors
    assert error["ERROR_NAME"] == "PARSE"
    assert error["DATA_ROW"] == "y" * 150_000
    assert "DATA_ROW has the first 150000 of 1000000 characters" in error["MESSAGE"]


def test_columns_of_rows_and_errors(tmp_path: Path) -> None:
    """Rows and errors have exactly the contract's columns, in its order."""
    outcome = run([GOOD, b"bad"], tmp_path)
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
    assert list(outcome.errors[0]) == [
        "ERROR_TIME",
        "ERROR_LEVEL",
        "ERROR_NAME",
        "MESSAGE",
        "DATA_ROWTIME",
        "DATA_ROW",
        "PUMP_NAME",
    ]
    assert outcome.errors[0]["PUMP_NAME"] == "unicorn_summary"
    assert outcome.errors[0]["DATA_ROWTIME"] is None


def test_row_time_of_a_late_reading(tmp_path: Path) -> None:
    """DATA_ROWTIME is the record's own event time where it has one."""
    late = reading("Shadowfax", "12:00:00.000", 4)
    outcome = run([reading("Shadowfax", "12:30:00.000"), late, json_with(Distance='"far"')], tmp_path)
    times = {row["ERROR_NAME"]: row["DATA_ROWTIME"] for row in outcome.errors}
    assert times == {"LATE": DAY + "12:00:00.000", "COERCION": DAY + "12:00:10.000"}
