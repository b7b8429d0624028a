"""The function before SQL is killed, and the job with it: the job `meters`, whose handler is in Python."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from consumer.tail import stored
from local import oracle
from pipeline.job import load
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults.trial import Trial, wait_for_checkpoint

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
JOB = load(Path(__file__).parent.parent / "preprocessing" / "meters")


def lines(first: int, count: int) -> list[tuple[str, bytes]]:
    """Records of all kinds, each text once: readings, comments, and such as the function refuses."""
    kinds = {5: "# comment {}", 9: "no reading {}"}
    return [(f"key {n}", kinds.get(n % 10, "m;{}").format(n).encode()) for n in range(first, first + count)]


@dataclass
class Meters(Trial):
    """A case of the job `meters`: each record is a row, an error of its own text, or a comment, which is dropped."""

    job_name = JOB.argument

    def properties(self) -> Path:
        return self.written(
            JOB,
            {
                "lines": {"stream": self.names.raw},
                "readings": {"stream": self.names.summary},
                "error_stream": {"stream": self.names.errors},
            },
        )

    def made(self) -> Counter[float]:
        """The numbers of the rows, with their count."""
        return Counter(json.loads(row)["kilowatts"] for row in self.rows())

    def refused(self) -> Counter[str]:
        """The texts of the records on the errors stream, with their count."""
        records = stored(self.clients[0], self.names.errors)
        return Counter(json.loads(record.data)["DATA_ROW"] for record in records)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (each has its own arrival)
        """No record is lost, none is both a row and an error, and what the function refuses is what it should."""
        texts = [record.decode() for record in self.sent()]
        made, refused = self.made(), self.refused()
        assert set(refused) == {text for text in texts if text.startswith("no reading")}
        assert set(made) == {float(text.partition(";")[2]) for text in texts if ";" in text}
        self.outcome.report = oracle.Report(
            records=len(texts),
            parts=len(texts),
            windows=0,
            rows=len(made),
            errors={"PREPROCESSING": len(refused)},
            repeated=made.total() - len(made),
            problems=[],
        )
        return self.outcome.report

    def handlers(self) -> list[psutil.Process]:
        """The processes of the handler."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if any(part.endswith("preprocess.py") for part in one.cmdline())]


@pytest.mark.fault(
    "kill -9 of the processes of a handler in Python, then of the job, and resume",
    Edit("java/src/preprocessing/PythonFunction.java", "if (!process.isAlive() && !isClosed) {", "if (isClosed) {"),
    kind=Meters,
)
def test_handler_and_job_killed(trial: Meters) -> None:
    """Each record is counted once, in its form: killed processes are started again, and what was on its way is too.

    Unprotected: the handler's process is not started again, so that its records are refused.
    """
    trial.start()
    trial.put_all(lines(0, 2000))
    trial.wait_for_rows()
    for process in trial.handlers():
        process.kill()
    trial.put_all(lines(2000, 2000))
    wait_for_checkpoint(trial)
    trial.put_all(lines(4000, 2000))
    trial.kill()
    since = time.monotonic()
    trial.put_all(lines(6000, 2000))
    trial.start("--resume", "last")
    wait_for(lambda: trial.is_alive() and max(trial.made()) >= 7998, 60, "the last record is a row")
    trial.outcome.recovery = time.monotonic() - since
    trial.finish(resumed=True)
