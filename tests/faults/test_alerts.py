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
from local import oracle
from pipeline.job import load
from tests.faults.trial import Trial, wait_for_checkpoint
from tests.test_vital_alerts import alerts, readings, shown

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load("vital_alerts")
READINGS = 12_000  # 100 minutes of them
SLOWLY = 1_000  # readings that come ten at a time


@dataclass
class Alerts(Trial):
    """A case of the job `vital_alerts`, compared with a computation without Flink."""

    job_name = JOB.name
    begin: str = "TRIM_HORIZON"

    def properties(self) -> Path:
        return self.written(
            JOB,
            {
                "readings": {"stream": self.names.raw, "start": self.begin},
                "alerts_stream": {"stream": self.names.summary},
                "error_stream": {"stream": self.names.errors},
            },
        )

    def feed(self, lines: Sequence[bytes]) -> None:
        """Put these readings, spread over the shards, the last slowly, until more alerts have come out."""
        self.feed_slowly(self.put_all, [(str(at % 97), line) for at, line in enumerate(lines)], SLOWLY, 1)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (no reading is late)
        """Each alert of the readings is on the stream; an alert that stands there twice says the same."""
        kinesis, _dynamodb = self.clients
        expected = alerts([json.loads(line) for line in self.sent()])
        on_stream = [json.loads(line) for line in self.rows()]
        different: dict[tuple[Any, ...], dict[str, Any]] = {tuple(row.items()): row for row in on_stream}
        assert shown(list(different.values())) == expected
        assert list(stored(kinesis, self.names.errors)) == []
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
