"""The function random_cut_forest: a forest goes on from a checkpoint with the scores that it would have given."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from local import oracle
from pipeline.job import load
from tests import forest
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults.trial import Trial, wait_for_checkpoint
from tests.forest import Reading, Settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load(Path(__file__).parent / "pulses")
SMALL = Settings(30, 64, 1_000, 1)
# More for each of two patients than the points between two snapshots.
READINGS = [replace(one, name="ab"[one.number % 2], second=one.number) for one in forest.readings(1_400, 11)]


@dataclass
class Pulses(Trial):
    """A case of the job `pulses`: a score for each reading."""

    job_name = JOB.argument
    cases: str = ""  # the class path of the reference

    def properties(self) -> Path:
        return self.written(JOB, {"pulses": {"stream": self.names.raw}, "scores": {"stream": self.names.summary}})

    def found(self) -> dict[int, set[float | None]]:
        """The scores of each reading by its number: more than one if a row has changed."""
        by_number: dict[int, set[float | None]] = {}
        for row in map(json.loads, self.rows()):
            by_number.setdefault(int(row["number"]), set()).add(row.get("score"))
        return by_number

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (nothing is late)
        """Each reading has the score of AWS's library without Flink, and no other."""
        wanted: dict[int, set[float | None]] = {}
        for name in "ab":
            own = forest.of_name(READINGS, name)
            scores = forest.scores(self.cases, own, SMALL)
            wanted |= {one.number: {scores[one.number].score if one.number in scores else None} for one in own}
        found = self.found()
        wrong = {number for number in wanted if wanted[number] != found.get(number)}
        assert not wrong, f"{len(wanted)} readings, of which {len(wrong)} have another score: the first is {min(wrong)}"
        assert found.keys() == wanted.keys()
        count = len(READINGS)
        self.outcome.report = oracle.Report(
            records=count, parts=count, windows=0, rows=len(found), errors={}, repeated=0, problems=[]
        )
        return self.outcome.report


def record(one: Reading) -> tuple[str, bytes]:
    """Partition key and record of a reading, a tenth of a second after the one before it, over all shards."""
    moment = (forest.BEGIN + timedelta(seconds=one.second / 10)).replace(tzinfo=None)
    document = {
        **{"time": moment.isoformat(sep=" ", timespec="milliseconds"), "number": f"{one.number:05d}"},
        **{"name": one.name, "rate": one.rate, "pressure": one.pressure},
    }
    return str(one.number % 97), json.dumps(document).encode()


@pytest.mark.fault(
    "kill -9 while forests learn, between two snapshots",
    Edit("java/src/process/LoggedForest.java", "points.add(point);", ""),
    kind=Pulses,
)
def test_killed_while_forests_learn(trial: Pulses, cases: str) -> None:
    """The job continues from its checkpoint with another parallelism, and no score changes.

    Unprotected: the state has no points, so that a forest forgets those since its last snapshot.
    """
    trial.cases = cases
    trial.start(parallelism=2)
    trial.put_all([record(one) for one in READINGS[:1_200]])
    wait_for(lambda: trial.is_alive() and len(trial.found()) > 1_100, 90, "the first readings have scores")
    wait_for_checkpoint(trial)
    trial.kill()
    killed = time.monotonic()
    before = len(trial.rows())
    trial.put_all([record(one) for one in READINGS[1_200:]])
    trial.start("--resume", "last", parallelism=4)
    wait_for(lambda: trial.is_alive() and len(trial.rows()) > before, 120, "more rows come out")
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)
