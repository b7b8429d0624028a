"""Generated records through the job and through json_record alone, against `local.oracle`, an independent program.

A sample by default. `pytest tests/test_fuzz.py --fuzz-records 200000 --fuzz-seed 7` generates as many as needed.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import oracle
from tests import fuzz
from tests.sql import run
from tests.test_sql_properties import problems

pytestmark = [pytest.mark.usefixtures("jvm"), pytest.mark.timeout(3600)]
COLUMNS = (
    "Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, Distance DOUBLE NOT NULL, "
    "MagicPoints INT NOT NULL, HealthPoints INT NOT NULL"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fuzz-seed"))


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fuzz-records"))


def test_the_job_and_the_oracle_agree_on_every_record(seed: int, count: int, tmp_path: Path) -> None:
    """Rows, the kind of each error and its DATA_ROW are equal, in one run."""
    lines = list(fuzz.records(count, seed))
    outcome = run(lines, tmp_path / "run")
    assert problems(lines, outcome, ["shard"] * len(lines)) == []
    kinds = Counter(error["ERROR_NAME"] for error in outcome.errors)
    assert min(kinds[kind] for kind in ("PARSE", "COERCION", "LATE")) > count / 50, "none of them by chance alone"
    assert len(outcome.stream) >= 10


def test_json_record_and_the_oracle_agree_on_every_record(seed: int, count: int) -> None:
    """The error is equal, and of a good record every value: the double to its last bit, the time to the millisecond."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    java = get_gateway().jvm
    function = java.streaming.JsonRecord()
    columns = java.org.apache.flink.table.data.StringData.fromString(COLUMNS)
    for line in fuzz.records(count, seed, far=True):
        assert found(function.eval(line, columns)) == expected(line), line


def found(row: Any) -> Any:
    """The error, or the values; without the sign of a zero, which Python's integers lack (-0)."""
    error = row.getField(0)
    if error is not None:
        return str(error)
    name, time, distance, magic, health = (row.getField(2 + number) for number in range(5))
    return str(name), EPOCH + timedelta(milliseconds=time.getMillisecond()), repr(distance + 0.0), magic, health


def expected(line: bytes) -> Any:
    reading = oracle.read(line)
    if isinstance(reading, str):
        return reading
    return reading.name, reading.event_time, repr(reading.distance + 0.0), reading.magic, reading.health
