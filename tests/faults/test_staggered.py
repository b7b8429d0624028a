"""Stagger windows across a failure: the rows that are held back are state like any other."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from consumer.tail import stored
from local import oracle
from pipeline.job import load
from tests.faults.trial import Trial, wait_for_checkpoint
from tests.test_stagger import windows

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
JOB = load(Path(__file__).parent / "staggered")
BEGIN = datetime(2026, 11, 22, 11)  # noqa: DTZ001 (all times are UTC)
DISORDER = timedelta(seconds=5)
EVENTS = 3_000  # an event a second of 25 devices
SLOWLY = 1_000  # events that come ten at a time


@dataclass
class Staggered(Trial):
    """A case of the job `staggered`, compared with windows that are made of the records without Flink."""

    job_name = JOB.argument
    begin: str = "TRIM_HORIZON"

    def properties(self) -> Path:
        return self.written(
            JOB,
            {
                "events": {"stream": self.names.raw, "start": self.begin},
                "counts": {"stream": self.names.summary},
                "error_stream": {"stream": self.names.errors},
            },
        )

    def feed(self, events: list[tuple[str, bytes]], rows: int) -> None:
        """Put these events, the last slowly, until so many more rows have come out; then the events that are left."""
        self.feed_slowly(self.put_all, events, SLOWLY, rows, 120)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (a shard's clock always decides)
        """The rows are the windows of the events that are on time by their shard; the others are errors."""
        on_time, late = [], []
        clocks: dict[str, datetime] = defaultdict(lambda: BEGIN - timedelta(days=1))
        for record in stored(self.clients[0], self.names.raw):
            event = json.loads(record.data)
            at = datetime.fromisoformat(event["SentAt"])
            clocks[record.shard] = max(clocks[record.shard], at - DISORDER)
            (late if clocks[record.shard] >= at else on_time).append((event["Device"], None, event["Number"], at))
        found = {tuple(json.loads(row).values()) for row in self.rows()}
        expected = {
            (key, (datetime.fromisoformat(last) + timedelta(milliseconds=1)).isoformat(" ", "milliseconds"), n, total)
            for key, n, total, last in windows(on_time, lambda row: row[0])
        }
        errors = {json.loads(record.data)["MESSAGE"] for record in stored(self.clients[0], self.names.errors)}
        assert found == expected
        assert len(errors) == len(late) > 0
        self.outcome.report = oracle.Report(
            records=len(on_time) + len(late),
            parts=len(on_time) + len(late),
            windows=len(expected),
            rows=len(expected),
            errors=Counter(LATE=len(late)),
            repeated=len(self.rows()) - len(found),
            problems=[],
        )
        return self.outcome.report


def halves() -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Partition keys and events in two parts; some are 4 s behind, which is in time, and some 90 s, which is late."""
    events = []
    for number in range(EVENTS):
        device = f"device {number * 7 % 25}"
        behind = 90 if number % 50 == 49 else 4 if number % 10 == 3 else 0
        sent = BEGIN + timedelta(seconds=number - behind, milliseconds=number % 1000)
        event = {"Device": device, "SentAt": sent.isoformat(" ", "milliseconds"), "Number": number}
        events.append((str(number % 97), json.dumps(event).encode()))
    return events[: EVENTS // 2], events[EVENTS // 2 :]


@pytest.mark.fault("kill -9 while stagger windows are open, and --resume last", kind=Staggered)
def test_killed(trial: Staggered) -> None:
    """The job continues from its last checkpoint with another parallelism: each window has all its rows, once.

    Unprotected: it starts anew at the end of the stream, like a job without checkpoints.
    """
    first, second = halves()
    trial.start(parallelism=2)
    trial.feed(first, 20)
    wait_for_checkpoint(trial)
    trial.kill()
    killed = time.monotonic()
    if trial.is_unprotected:
        trial.begin = "LATEST"
    trial.start(*(() if trial.is_unprotected else ("--resume", "last")), parallelism=4)
    trial.feed(second, 1)
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)
