"""The function hotspots: a window of points continues from a checkpoint, with nothing lost and nothing twice."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kda.model import hotspots as model
from local import oracle
from pipeline.job import load
from tests import hotspots
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults.trial import Trial, wait_for_checkpoint

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load(Path(__file__).parent / "dense")
BEGIN = datetime(2026, 11, 22, 10)  # noqa: DTZ001 (TIMESTAMP has no time zone)
FIELDS = ("north", "south")


@dataclass
class Dense(Trial):
    """A case of the job `dense`: a row with the hotspots for each point."""

    job_name = JOB.argument

    def properties(self) -> Path:
        return self.written(JOB, {"points": {"stream": self.names.raw}, "spots": {"stream": self.names.summary}})

    def found(self) -> dict[int, set[str]]:
        """The results of each point by its number: more than one if a row has changed."""
        by_number: dict[int, set[str]] = {}
        for row in map(json.loads, self.rows()):
            by_number.setdefault(row["number"], set()).add(row["hotspots"])
        return by_number

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (nothing is late)
        """Each point has the row of the reference, and no other."""
        points = sorted(map(json.loads, self.sent()), key=lambda point: point["number"])
        expected = {}
        for field in FIELDS:
            those = [point for point in points if point["field"] == field]
            results = model.results(((point["x"], point["y"]) for point in those), 200, 0.4, 8)
            expected |= {point["number"]: {result} for point, result in zip(those, results, strict=True)}
        found = self.found()
        wrong = {number for number in expected if expected[number] != found.get(number)}
        assert not wrong, f"{len(wrong)} of {len(expected)} points have another row, or none: the first is {min(wrong)}"
        assert found.keys() == expected.keys()
        self.outcome.report = oracle.Report(
            records=len(points), parts=len(points), windows=0, rows=len(found), errors={}, repeated=0, problems=[]
        )
        return self.outcome.report


@pytest.mark.fault(
    "kill -9 in the middle of windows of points",
    Edit("java/src/process/Hotspots.java", "StoredPoints.put(points, size, window.next(), point);", ""),
    kind=Dense,
)
def test_killed_within_a_window_of_points(trial: Dense) -> None:
    """The job continues from its checkpoint with another parallelism, and no row changes.

    Unprotected: the points are in memory only, so that the windows begin anew.
    """
    lines = points(800)
    trial.start(parallelism=2)
    trial.put_all(lines[:400])
    wait_for(lambda: trial.is_alive() and len(trial.found()) > 300, 60, "the first points have rows")
    wait_for_checkpoint(trial)
    trial.kill()
    killed = time.monotonic()
    before = len(trial.rows())
    trial.put_all(lines[400:])
    trial.start("--resume", "last", parallelism=4)
    wait_for(lambda: trial.is_alive() and len(trial.rows()) > before, 120, "more rows come out")
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)


def points(count: int) -> list[tuple[str, bytes]]:
    """Pairs of partition key and record: points in two fields, a tenth of a second apart, over all shards."""
    drawn = random.Random(9)
    places = hotspots.planted(drawn, [(2.0, 2.0)], count)
    lines = []
    for number, (x, y) in enumerate(places):
        moment = str(BEGIN + timedelta(seconds=number / 10))
        point = {"time": moment, "number": number, "field": drawn.choice(FIELDS), "x": x, "y": y}
        lines.append((str(number % 97), json.dumps(point).encode()))
    return lines
