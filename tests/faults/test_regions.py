"""A failure of one subtask restarts what exchanges records with it, which Flink calls a region, and nothing else.

The jobs of this project give records to their windows by key, so all subtasks of such a job are one region, and a
failure of one restarts them all. The job here, `copies`, has no exchange: each subtask reads some shards and writes
their rows.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from consumer.tail import stored
from local import emulator, oracle
from pipeline import settings
from pipeline.job import load
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults import rules
from tests.faults.test_flow import SPEED, shard
from tests.faults.trial import FLIGHT, Trial, wait_for_checkpoint

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load(Path(__file__).parent / "copies")


@dataclass
class Copies(Trial):
    """A case of the job `copies`: a row with shard and sequence number for each record, at least once."""

    job_name = JOB.argument

    def properties(self) -> Path:
        """The job's settings: its AWS is the proxy."""
        groups: dict[str, dict[str, str]] = {
            "aws": {"region": emulator.REGION, "endpoint": self.between.endpoint},
            "lines": {"stream": self.names.raw},
            "copies": {"stream": self.names.summary},
        }
        return settings.write(self.folder, settings.document_of(JOB, groups))

    def attempts(self) -> list[int]:
        """How often each subtask was restarted, of the only vertex."""
        (vertex,) = self.job.get("")["vertices"]
        return [subtask["attempt"] for subtask in self.job.get(f"/vertices/{vertex['id']}")["subtasks"]]

    def copied(self) -> Counter[tuple[str, str]]:
        """Shard and sequence number of each row, with its number of rows."""
        rows = (json.loads(row) for row in self.rows())
        return Counter((row["shard"], row["sequence_number"]) for row in rows)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (nothing is late without windows)
        """Every record of the raw stream has a row, and no row stands for anything else."""
        sent = [(record.shard, record.sequence_number) for record in stored(self.clients[0], self.names.raw)]
        copied = self.copied()
        assert len(sent) == len(self.sent()) > 0
        assert copied.keys() == set(sent)
        self.outcome.report = oracle.Report(
            records=len(sent),
            parts=len(sent),
            windows=0,
            rows=len(copied),
            errors={},
            repeated=copied.total() - len(copied),
            problems=[],
        )
        return self.outcome.report


@pytest.mark.fault(
    "one of two subtasks fails alone, before a checkpoint has its shards and again after it",
    Edit("java/src/kinesis/ShardCoordinator.java", "ledger.returned(splits);", ""),
    kind=Copies,
)
def test_one_region(trial: Copies) -> None:
    """Only the subtask that fails is restarted. The coordinator gives its shards back to it, or a checkpoint has them;
    the other goes on, and writes nothing twice.

    Unprotected: the coordinator keeps the shards that no checkpoint has, and nobody reads them.
    """
    failing = "shardId-000000000001"
    trial.between.add(rules.deny("GetRecords", where=lambda call: shard(call) == failing, times=1))
    # The shards are found just after a checkpoint, so that the next one comes after the failure.
    with trial.between.fault(rules.slow_request(60, "ListShards")):
        trial.start()
        wait_for_checkpoint(trial)
    with trial.flying(*FLIGHT, *SPEED):
        wait_for(lambda: trial.is_alive() and sorted(trial.attempts()) == [0, 1], 30, "one subtask is restarted")
        trial.wait_for_rows()
        wait_for_checkpoint(trial)
        with trial.between.fault(rules.deny("GetRecords", where=lambda call: shard(call) == failing, times=1)):
            wait_for(lambda: trial.is_alive() and sorted(trial.attempts()) == [0, 2], 30, "it is restarted again")
        since, before = time.monotonic(), trial.copied()
        wait_for(
            lambda: any(place == failing for place, _number in trial.copied() - before), 30, "its shard is read again"
        )
        trial.outcome.recovery = time.monotonic() - since
        assert sorted(trial.attempts()) == [0, 2]
    trial.finish()
    assert trial.outcome.restarts == 2
    repeated = {place for (place, _number), rows in trial.copied().items() if rows > 1}
    assert repeated <= {failing, "shardId-000000000003"}, "its subtask has every second shard"
