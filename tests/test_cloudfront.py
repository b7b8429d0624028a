"""The job cloudfront_requests over a generated log: the rows equal a count without Flink."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from connectors import files
from flink import trial
from java import paths
from local import emulator, resources
from pipeline import binding, cases, settings, statements
from pipeline.job import load
from producer import cloudfront

JOB = load("cloudfront_requests")
SYSTEMS = {agent: system for agent, (system, _share) in cloudfront.AGENTS.items()}
GOOD = "2014-07-05\t20:00:10\tFRA56\t512\t192.0.2.1\tGET\td1\t/\t200\t-\tcurl/8.4.0"
# Lines added to the generated log: the error (empty for none), the position, and the line.
BAD = (
    ("PARSE", 100, "not a log"),
    ("PARSE", 200, GOOD.rpartition("\t")[0]),
    ("COERCION", 300, GOOD.replace("07-05", "02-30")),
    ("COERCION", 400, GOOD.replace("512", "many")),
    ("COERCION", 500, GOOD.replace("200", "OK")),
    ("COERCION", 600, GOOD.replace("2014", "9999")),
    ("LATE", 5000, GOOD.replace("20:00", "19:00")),
    ("", 700, cloudfront.HEADER[0]),  # as between two files
    ("", 701, cloudfront.HEADER[1]),
    ("", 800, ""),
)


@dataclass(frozen=True)
class Outcome:
    """The log and the rows of each sink."""

    log: list[str]
    rows: Mapping[str, list[dict[str, Any]]]

    def requests(self, sink: str, *key: str) -> Counter[tuple[str, ...]]:
        """The requests of the log by columns."""
        return Counter({tuple(row[name] for name in key): int(row["Requests"]) for row in self.rows[sink]})


@pytest.fixture(scope="module")
def outcome(jvm: Path, aws: emulator.Emulator, tmp_path_factory: pytest.TempPathFactory) -> Outcome:  # noqa: ARG001
    """A run of the job over a log, with streams as files and tables in DynamoDB."""
    folder = tmp_path_factory.mktemp("cloudfront")
    log = with_bad_lines(5000)
    (folder / "log").write_text("".join(f"{line}\n" for line in log))
    tables = {sink: f"cloudfront-{sink}" for sink in ("minutes", "requests_per_system")}
    named = {"aws": place_of(aws)} | {sink: {"table": name} for sink, name in tables.items()}
    bound = dict(binding.connectors(settings.parse(settings.document_of(JOB, named), JOB)))
    bound |= {sink: files.sink(folder / sink) for sink in ("requests_per_minute", "error_stream")}
    bound["log_lines"] = files.source(folder / "log")
    dynamodb = resources.clients(aws.environment)[1]
    for sink, name in tables.items():
        key = JOB.tables[sink].declared.key
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": column, "AttributeType": "S"} for column in key],
            KeySchema=[
                {"AttributeName": column, "KeyType": kind} for column, kind in zip(key, ("HASH", "RANGE"), strict=False)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    run(bound)
    rows: dict[str, list[dict[str, Any]]] = {
        sink: [
            {column: next(iter(value.values())) for column, value in item.items()}
            for page in dynamodb.get_paginator("scan").paginate(TableName=name)
            for item in page["Items"]
        ]
        for sink, name in tables.items()
    }
    return Outcome(log, rows | {sink: cases.rows(folder / sink) for sink in ("requests_per_minute", "error_stream")})


def with_bad_lines(requests: int) -> list[str]:
    """A generated log of so many requests, with the lines of BAD in their places."""
    log = [line.rstrip("\n") for line in cloudfront.lines(requests, seed=7)]
    for _name, place, line in BAD:
        log.insert(place, line)
    return log


def place_of(aws: emulator.Emulator) -> dict[str, str]:
    return {"region": emulator.REGION, "endpoint": aws.endpoint}


def run(bound: Mapping[str, Any]) -> None:
    """Run the job with these connectors to the end of its source."""
    tables = statements.environment(trial.CONFIGURATION)
    statements.declare(tables, JOB, bound)
    statements.inserts(tables, JOB).execute().wait()


def counted(log: list[str]) -> Counter[tuple[str, str]]:
    """The number of generated requests by system and end of the minute."""
    bad = {line for _name, _place, line in BAD}
    found: Counter[tuple[str, str]] = Counter()
    for fields in (line.split("\t") for line in log if line not in bad and not line.startswith("#")):
        minute = datetime.fromisoformat(f"{fields[0]} {fields[1]}").replace(second=0) + timedelta(minutes=1)
        agent = unquote(fields[10])
        found[SYSTEMS.get(agent) or SYSTEMS[unquote(agent)], f"{minute}.000"] += 1
    return found


def test_requests_are_counted_as_without_flink(outcome: Outcome) -> None:
    """The numbers by system and minute are right, on the stream and in the table."""
    assert outcome.requests("requests_per_minute", "OperatingSystem", "MinuteEnd") == counted(outcome.log)
    assert outcome.requests("minutes", "OperatingSystem", "MinuteEnd") == counted(outcome.log)


def test_the_total_is_the_sum_of_the_minutes(outcome: Outcome) -> None:
    """A system's total is the sum of its minutes, and the table keeps the last total."""
    total: Counter[tuple[str, ...]] = Counter()
    for (system, _minute), count in counted(outcome.log).items():
        total[system,] += count
    assert outcome.requests("requests_per_system", "OperatingSystem") == total


def test_every_line_is_accounted_for(outcome: Outcome) -> None:
    """Each line is in a row, on the errors stream, or a header or blank line."""
    errors = Counter(row["ERROR_NAME"] for row in outcome.rows["error_stream"])
    assert errors == Counter(name for name, _place, _line in BAD if name)
    assert {row["DATA_ROW"] for row in outcome.rows["error_stream"]} == {line for name, _place, line in BAD if name}
    none = sum(not line or line.startswith("#") for line in outcome.log)
    requests = outcome.requests("requests_per_system", "OperatingSystem").total()
    assert requests + errors.total() + none == len(outcome.log) == 5002 + len(BAD)


def test_equal_seeds_give_equal_logs() -> None:
    """Equal seeds give equal bytes, also from the program; each line has the fields of the header."""
    log = list(cloudfront.lines(50, seed=7))
    assert log == list(cloudfront.lines(50, seed=7)) != list(cloudfront.lines(50, seed=8))
    assert {len(line.split("\t")) for line in log[2:]} == {len(cloudfront.FIELDS.split())} == {33}
    program = [sys.executable, "-m", "producer.cloudfront", "--lines", "50", "--seed", "7"]
    done = subprocess.run(program, cwd=paths.ROOT, capture_output=True, check=True)
    assert done.stdout.decode("ascii") == "".join(log)


def test_values_are_encoded_as_cloudfront_does() -> None:
    """Encoded are spaces, control characters, all beyond ASCII and the characters in CloudFront's documentation."""
    assert cloudfront.encoded("a b\t\x7fé") == "a%20b%09%7F%C3%A9"
    assert cloudfront.encoded("<>\"#%{}|\\^~[]`'") == "%3C%3E%22%23%25%7B%7D%7C%5C%5E%7E%5B%5D%60%27"
    assert cloudfront.encoded(cloudfront.encoded("X11; (a)")) == "X11;%2520(a)"
