"""The function before SQL is killed, throttled or late, and the job killed with it: the job `meters`, in both forms."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from consumer.tail import stored
from local import oracle
from pipeline import handler
from pipeline.job import load
from tests import fake_lambda
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
    function: ClassVar[Mapping[str, str]] = {}  # settings of the function, where it is not job.toml's

    def properties(self) -> Path:
        return self.written(
            JOB,
            {
                "lines": {"stream": self.names.raw, **self.function},
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


@dataclass
class OnLambda(Meters):
    """The same job with the function in Lambda: a server of the case, behind the proxy."""

    # The emulator has no Lambda, so that `jobs run` refuses the job there; this case has one beside it.
    program = (
        *(sys.executable, "-c"),
        "import sys; from pipeline import binding; binding.require_no_lambda = lambda *_: None; "
        "from jobs import __main__; sys.exit(__main__.main())",
        "run",
    )
    function = {  # noqa: RUF012  (the type is the parent's)
        "preprocess": fake_lambda.ARN,
        "preprocess.records": "50",
        "preprocess.limit": "5 s",
    }


def refuse_for_a_while(trial: OnLambda, service: fake_lambda.Service) -> None:
    """Be unavailable until 60 more calls were refused, then throttle 20, and answer two too late."""
    wanted = service.refused + 60
    service.late = [8.0, 8.0]
    service.is_down = True
    wait_for(lambda: trial.is_alive() and service.refused >= wanted, 120, "calls are refused")
    service.refuses = [("TooManyRequestsException", 429)] * 20
    service.is_down = False


@pytest.mark.fault(
    "calls of Lambda before SQL refused and late, then kill -9 of the job, and resume",
    Edit(
        "java/src/preprocessing/LambdaFunction.java",
        "            again(event, answer, problem);",
        '            answer.completeExceptionally(new FunctionFailed("Lambda refuses it"));',
    ),
    kind=OnLambda,
)
def test_lambda_refuses_and_job_killed(trial: OnLambda) -> None:
    """Each record is counted once, in its form: a call that is refused is made again, a late one in halves, and what
    was under way when the job died is called again.

    Unprotected: a call that the service refuses counts as the function's failure, so that records are refused for it.
    """
    with fake_lambda.serving(handler.load(JOB.folder / "preprocess.py")) as service:
        trial.between.serve("Lambda", service.address)
        trial.start()
        trial.put_all(lines(0, 2000))
        trial.wait_for_rows()
        trial.put_all(lines(2000, 2000))
        refuse_for_a_while(trial, service)
        wait_for_checkpoint(trial)
        service.latency = 0.5  # so that calls are under way
        trial.put_all(lines(4000, 2000))
        called = sum(service.called)
        wait_for(lambda: sum(service.called) > called, 60, "the function is called")
        trial.kill()
        since = time.monotonic()
        service.latency = 0
        trial.put_all(lines(6000, 2000))
        trial.start("--resume", "last")
        refuse_for_a_while(trial, service)
        wait_for(lambda: trial.is_alive() and max(trial.made()) >= 7998, 120, "the last record is a row")
        trial.outcome.recovery = time.monotonic() - since
        trial.finish(resumed=True)
        assert service.refused >= 160
        assert not service.late
