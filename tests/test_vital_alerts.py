"""The job vital_alerts over made-up readings: its alerts equal those of a computation without Flink."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import cases, statements
from pipeline.job import load
from tests.sql import here

JOB = load("vital_alerts")
BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
SILENCE = timedelta(minutes=10)
COLUMNS = ("Name", "StatusTime", "Severity", "MagicPoints", "HealthPoints")


def reading(name: str, seconds: float, magic: int = 150, health: int = 150) -> dict[str, Any]:
    """A reading so many seconds after the begin."""
    moment = f"{BEGIN + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S.%f}"[:23]
    return {"Name": name, "StatusTime": moment, "MagicPoints": magic, "HealthPoints": health, "Distance": 1.5}


def readings(count: int, seed: int) -> list[dict[str, Any]]:
    """Readings of 12 unicorns, half a second apart, a fifth of them with a low vital; some share a time."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        low = draw.random() < 0.2
        vitals = (draw.randint(20, 200), draw.randint(60, 200)) if low else (150, 150)
        made.append(reading(f"unicorn {draw.randrange(12)}", number // 2, *vitals))
    return made


def alerts(given: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The alerts of readings that all come in time: README's rules, reading by reading."""
    last: dict[str, datetime] = {}
    found = []
    for one in sorted(given, key=lambda one: (one["StatusTime"], one["MagicPoints"], one["HealthPoints"])):
        moment = datetime.fromisoformat(one["StatusTime"])
        is_low = one["MagicPoints"] < 100 or one["HealthPoints"] < 100
        if is_low and (one["Name"] not in last or moment - last[one["Name"]] >= SILENCE):
            last[one["Name"]] = moment
            severity = "CRITICAL" if one["MagicPoints"] < 50 else "WARNING"
            found.append((one["Name"], one["StatusTime"], severity, one["MagicPoints"], one["HealthPoints"]))
    return sorted(found)


def shown(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Alerts of the job in the form of `alerts`."""
    return sorted(tuple(row[column] for column in COLUMNS) for row in rows)


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize(("parallelism", "shards"), [(1, 1), (4, 4)])
def test_alerts_equal_those_without_flink(parallelism: int, shards: int, tmp_path: Path) -> None:
    """One alert per unicorn and ten minutes, the same over one shard and four; a late reading is an error."""
    given = readings(6_000, seed=16)
    records = [
        cases.Record(json.dumps(one).encode(), f"shard-{number % shards}", "2026-11-23 00:00:00.000")
        for number, one in enumerate(given)
    ]
    records.append(
        cases.Record(json.dumps(reading("late", 0, 1)).encode(), "shard-0", "2026-11-23 00:00:00.000"),
    )
    case = cases.Case("oracle", {"readings": records}, {"alerts_stream": (), "error_stream": ()})
    tables = statements.environment({**here(), "parallelism.default": str(parallelism)})
    together = tables.create_statement_set()
    for statement in cases.declared(tables, JOB, case, f"alerts_{parallelism}", tmp_path / "run"):
        together.add_insert_sql(statement)
    together.execute().wait()
    expected = alerts(given)
    assert len(expected) > 50
    assert {severity for _name, _time, severity, *_vitals in expected} == {"CRITICAL", "WARNING"}
    assert shown(cases.rows(tmp_path / "run" / "alerts_stream")) == expected
    errors = cases.rows(tmp_path / "run" / "error_stream")
    assert [error["ERROR_NAME"] for error in errors] == ["LATE"]


def handler_of_the_readme() -> str:
    """The Lambda function that the job's README shows."""
    match = re.search(r"```python\n(.*?)```", (JOB.folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return match[1]


def test_the_function_of_the_readme_publishes_each_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes an event of Kinesis, and hands Subject and Message to SNS as they are."""
    published: list[dict[str, str]] = []

    class Topic:
        """SNS, as boto3 has it."""

        def publish(self, **arguments: str) -> None:
            published.append(arguments)

    monkeypatch.setattr("boto3.client", lambda name: {"sns": Topic()}[name])
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts")
    row = {"Name": "Bree", "Subject": "WARNING: vitals of unicorn Bree", "Message": "Unicorn Bree had 12 magic points"}
    record = {"kinesis": {"data": base64.b64encode(json.dumps(row).encode()).decode()}}
    module: dict[str, Any] = {}
    exec(compile(handler_of_the_readme(), "README.md", "exec"), module)  # noqa: S102  (our own page)
    module["handler"]({"Records": [record, record]}, None)
    arn = "arn:aws:sns:us-east-1:123456789012:alerts"
    assert published == [{"TopicArn": arn, "Subject": row["Subject"], "Message": row["Message"]}] * 2
