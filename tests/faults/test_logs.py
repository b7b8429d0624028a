"""The faults that concern any job, with the job `cloudfront_requests`: counts and totals of access logs.

Its table of totals is updated again and again, so an older total must never overwrite a newer total.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from local import oracle, proof, resources
from pipeline.job import load
from tests.emulated import wait_for
from tests.faults import rules
from tests.faults.test_services import FAIL_ON_ERROR, NO_RESTART
from tests.faults.trial import BATCH, Trial, wait_for_checkpoint
from tests.test_cloudfront import BAD, counted, with_bad_lines

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load("cloudfront_requests")
STREAM, ROWS, ERRORS = "cloudfront-logs", "cloudfront-requests", "cloudfront-errors"
MINUTES, TOTALS = "CloudFrontRequestsPerMinute", "CloudFrontRequestsPerSystem"
LINES = 20_000  # five and a half hours of requests: windows wait for an hour
SLOWLY = 4_000  # lines that come ten at a time


@dataclass
class Logs(Trial):
    """A case of the job `cloudfront_requests`, compared with a count of lines without Flink."""

    job_name = JOB.name
    begin: str = "TRIM_HORIZON"

    def create(self, shards: int) -> None:
        resources.create(self.aws.environment, shards, JOB)

    def properties(self) -> Path:
        return self.written(JOB, {"log_lines": {"start": self.begin}})

    def rows(self) -> list[bytes]:
        return [record.data for record in stored(self.clients[0], ROWS)]

    def put(self, lines: Sequence[bytes]) -> None:
        """Put these lines on the stream, spread over its shards, in their order on each shard."""
        kinesis, _dynamodb = self.clients
        for begin in range(0, len(lines), BATCH):
            records = [
                {"Data": line, "PartitionKey": str(number % 97)}
                for number, line in enumerate(lines[begin : begin + BATCH], begin)
            ]
            assert kinesis.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0
        copy = self.folder / "sent.log"
        self.copies = [copy]
        with copy.open("ab") as file:
            file.writelines(lines)

    def feed(self, lines: Sequence[bytes], rows: int) -> None:
        """Put these lines, the last slowly, until so many more rows have come out; then the lines that are left."""
        self.feed_slowly(self.put, lines, SLOWLY, rows)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (nothing of a log is silent)
        """Rows on the stream, both tables and the errors stream equal the counts of the lines, made without Flink."""
        kinesis, dynamodb = self.clients
        log = [line.decode().rstrip("\n") for line in self.sent()]
        expected = counted(log)
        totals: Counter[str] = Counter()
        for (system, _minute), count in expected.items():
            totals[system] += count
        on_stream = [json.loads(line) for line in self.rows()]
        different = {tuple(sorted(row.items())) for row in on_stream}
        errors = {
            (row["ERROR_NAME"], row["DATA_ROW"], row["MESSAGE"].rpartition(" (")[2])
            for row in (json.loads(record.data) for record in stored(kinesis, ERRORS))
        }
        assert requests(on_stream) == requests(proof.items(dynamodb, MINUTES)) == expected
        assert len(different) == len(expected), "a row that stands twice on the stream says the same"
        assert {row["OperatingSystem"]: row["Requests"] for row in proof.items(dynamodb, TOTALS)} == totals
        assert Counter(name for name, _line, _place in errors) == Counter(name for name, _at, _line in BAD if name)
        self.outcome.report = oracle.Report(
            records=len(log),
            parts=len(log),
            windows=len({minute for _system, minute in expected}),
            rows=len(expected),
            errors=Counter(name for name, _line, _place in errors),
            repeated=len(on_stream) - len(different),
            problems=[],
        )
        return self.outcome.report


def requests(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Requests by system and end of the minute."""
    return {(row["OperatingSystem"], row["MinuteEnd"]): row["Requests"] for row in rows}


def halves() -> tuple[list[bytes], list[bytes]]:
    """A log in two parts, with broken and late lines in the first."""
    encoded = [f"{line}\n".encode() for line in with_bad_lines(LINES)]
    return encoded[: LINES // 2], encoded[LINES // 2 :]


@pytest.mark.fault("kill -9 of the local run of another job, and --resume last", kind=Logs)
def test_killed(trial: Logs) -> None:
    """The job continues from its last checkpoint with another parallelism; counts and totals cover every line.

    Unprotected: it starts anew at the end of the stream, like a job without checkpoints.
    """
    first, second = halves()
    trial.start(parallelism=2)
    trial.feed(first, 100)
    wait_for_checkpoint(trial)
    trial.kill()
    killed = time.monotonic()
    if trial.is_unprotected:
        trial.begin = "LATEST"
    trial.start(*(() if trial.is_unprotected else ("--resume", "last")), parallelism=4)
    trial.feed(second, 1)
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)


@pytest.mark.fault(
    "another job: half of all requests throttled, half of all writes refused in part",
    NO_RESTART,
    *FAIL_ON_ERROR,
    kind=Logs,
)
def test_refused(trial: Logs) -> None:
    """Refused writes are sent again, and no older total overwrites a newer total.

    Unprotected: the job ends at the first refusal.
    """
    first, second = halves()
    trial.start()
    with (
        trial.between.fault(rules.throttle("GetRecords", "PutRecords", "BatchWriteItem", share=0.5)) as throttle,
        trial.between.fault(rules.partial("PutRecords", "BatchWriteItem", share=0.5)) as partial,
    ):
        trial.feed(first, 100)
        wait_for(lambda: throttle.hits > 10 and partial.hits > 5, 60, "enough calls are refused")
    since = time.monotonic()
    trial.feed(second, 1)
    trial.outcome.recovery = time.monotonic() - since
    trial.finish()
    assert throttle.hits > 10
    assert partial.hits > 5
    assert trial.outcome.restarts == 0
