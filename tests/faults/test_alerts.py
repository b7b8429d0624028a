"""The faults of a job with a process table function, with `vital_alerts`: an alert is neither lost nor made twice."""

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
from local import emulator, oracle, resources
from pipeline import settings
from pipeline.job import load
from tests.emulated import wait_for
from tests.faults.trial import BATCH, Trial, wait_for_checkpoint
from tests.test_vital_alerts import alerts, readings, shown

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load("vital_alerts")
STREAM, ROWS, ERRORS = "wildrydes", "wildrydes-alerts", "wildrydes-alerts-errors"
READINGS = 12_000  # 100 minutes of them
SLOWLY = 1_000  # readings that come ten at a time


@dataclass
class Alerts(Trial):
    """A case of the job `vital_alerts`, compared with a computation without Flink."""

    job_name = JOB.name
    begin: str = "TRIM_HORIZON"

    def create(self, shards: int) -> None:
        resources.create(self.aws.environment, shards, JOB)

    def properties(self) -> Path:
        """The job's settings: its AWS is the proxy."""
        groups: dict[str, dict[str, str]] = {
            "aws": {"region": emulator.REGION, "endpoint": self.between.endpoint},
            "readings": {"start": self.begin},
        }
        return settings.write(self.folder, settings.document_of(JOB, groups))

    def rows(self) -> list[bytes]:
        return [record.data for record in stored(self.clients[0], ROWS)]

    def put(self, lines: Sequence[bytes]) -> None:
        """Put these readings on the stream, spread over its shards, in their order on each shard."""
        kinesis, _dynamodb = self.clients
        for begin in range(0, len(lines), BATCH):
            entries = [
                {"Data": line, "PartitionKey": str(number % 97)}
                for number, line in enumerate(lines[begin : begin + BATCH], begin)
            ]
            assert kinesis.put_records(StreamName=STREAM, Records=entries)["FailedRecordCount"] == 0
        self.records += lines

    def feed(self, lines: Sequence[bytes]) -> None:
        """Put these readings, the last of them slowly, until more alerts have come out."""
        wanted = len(self.rows()) + 1
        self.put(lines[:-SLOWLY])
        left = list(lines[-SLOWLY:])

        def come() -> bool:
            self.put(left[:10])
            del left[:10]
            return self.is_alive() and len(self.rows()) >= wanted

        wait_for(come, 180, "more alerts come out")
        self.put(left)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (no reading is late)
        """Each alert of the readings is on the stream; an alert that stands there twice says the same."""
        kinesis, _dynamodb = self.clients
        expected = alerts([json.loads(line) for line in self.sent()])
        on_stream = [json.loads(line) for line in self.rows()]
        different: dict[tuple[Any, ...], dict[str, Any]] = {tuple(row.items()): row for row in on_stream}
        assert shown(list(different.values())) == expected
        assert list(stored(kinesis, ERRORS)) == []
        self.outcome.report = oracle.Report(
            records=len(self.sent()),
            parts=len(self.sent()),
            windows=0,
            rows=len(expected),
            errors=Counter(),
            repeated=len(on_stream) - len(different),
            problems=[],
        )
        return self.outcome.report


@pytest.mark.fault("kill -9 of a job with a process table function, and --resume last", kind=Alerts)
def test_killed(trial: Alerts) -> None:
    """Rows that were held and the ten minutes without alerts come back with the state, at another parallelism.

    Unprotected: it starts anew at the end of the stream, like a job without checkpoints.
    """
    lines = [json.dumps(one).encode() for one in readings(READINGS, seed=61)]
    half = READINGS // 2
    trial.start(parallelism=2)
    trial.feed(lines[:half])
    wait_for_checkpoint(trial)
    trial.kill()
    killed = time.monotonic()
    if trial.is_unprotected:
        trial.begin = "LATEST"
    trial.start(*(() if trial.is_unprotected else ("--resume", "last")), parallelism=4)
    trial.feed(lines[half:])
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)
