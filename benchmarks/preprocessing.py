"""What a function before SQL costs a record, by its form and by the records of a call.

All forms run in one JVM, in turns, over the job in benchmarks/enriched: records of some 130 bytes in files, a handler
that adds a field, `json_record`, a file of rows. A figure is the slope between two numbers of records, so that a job's
start is not in it. The function of Lambda is a server in this process that answers after 50 ms.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import Size, function_server, processes
from benchmarks.figures import Spread, slope
from benchmarks.tables import Table, Unequal
from benchmarks.turns import take_turns
from connectors import aws, files, preprocessing
from flink import trial
from pipeline import binding, cases, handler, statements
from pipeline import preprocessing as hooks
from pipeline.job import Job, load
from program import environment
from program.output import Say

NAME = "preprocessing"
JOB = Path(__file__).parent / "enriched"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:enriched"
LATENCY = 0.05  # seconds of a call of Lambda
LIMIT = 1800.0  # seconds for all rounds
PAD = "x" * 90  # brings a record to some 130 bytes


@dataclass(frozen=True)
class Form:
    """A way to change records. kind: "none", "Python" or "Lambda"; records: the most of a call, 0 without calls."""

    kind: str
    records: int = 0

    @property
    def name(self) -> str:
        """Its name among others."""
        return f"{self.kind} {self.records}".removesuffix(" 0")


@dataclass(frozen=True)
class Cost:
    """What a record costs: seconds of the clock, CPU seconds of Flink's process, and of those that it started."""

    wall: float
    flink: float
    python: float


FORMS = (
    Form("none"),
    *(Form("Python", records) for records in (1, 10, 50, 200, 1000)),
    *(Form("Lambda", records) for records in (50, 200, 1000)),
)
FEW = (Form("none"), Form("Python", 50), Form("Lambda", 200))
RECORDS = {Size.FULL: (20_000, 120_000), Size.QUICK: (1_000, 11_000)}
ROUNDS = {Size.FULL: 3, Size.QUICK: 1}


def measure(size: Size, say: Say) -> list[Table]:
    """The table of all forms. Raises RunError if Flink fails, Unequal for rows that are not those of the records."""
    say(f"{NAME}: {len(_forms(size))} forms in turns")
    with tempfile.TemporaryDirectory(prefix="preprocessing-") as scratch:
        told = Path(scratch, "figures.json")
        command = [sys.executable, "-m", __name__, size.value, told]
        processes.run(command, environment=environment.plain(), limit=LIMIT, log=Path(scratch, "log"))
        found = json.loads(told.read_text(encoding="utf-8"))
    if wrong := found.get("wrong"):
        raise Unequal(wrong)
    return [table(found["rounds"], found["notes"], RECORDS[size])]


def _forms(size: Size) -> Sequence[Form]:
    return FEW if size is Size.QUICK else FORMS


def table(rounds: Mapping[str, Sequence[Mapping[str, float]]], notes: Sequence[str], sizes: tuple[int, int]) -> Table:
    """The table of the rounds: of each form, by its name, the fields of a Cost for each round."""
    rows = []
    for form in FORMS:
        if form.name not in rounds:
            continue
        costs = [Cost(**one) for one in rounds[form.name]]
        rows.append(
            (
                "no function" if form.kind == "none" else form.kind,
                str(form.records or ""),
                _spread([one.wall for one in costs], lambda seconds: 1 / seconds),
                _spread([one.flink for one in costs], _microseconds),
                _spread([one.python for one in costs], _microseconds) if form.kind == "Python" else None,
            )
        )
    return Table(
        NAME,
        "What a function before SQL costs",
        ("form", "records of a call", "records a second", "CPU of Flink, µs a record", "CPU of Python, µs a record"),
        rows,
        notes=(
            f"One subtask; between {sizes[0]:,} and {sizes[1]:,} records of 130 bytes, a handler that adds a field.",
            f"Lambda is a local server that answers after {LATENCY * 1000:.0f} ms; its CPU time is not counted.",
            *notes,
        ),
        raw={name: list(found) for name, found in rounds.items()},
    )


def _spread(costs: Sequence[float], shown: Callable[[float], float]) -> Spread | None:
    """The figures that are shown of these costs; None where more records took no longer, as in a run of a few."""
    return Spread.of(map(shown, costs)) if min(costs) > 0 else None


def _microseconds(seconds: float) -> float:
    return seconds * 1e6


# In the process of the benchmark


class Stage:
    """The job in this process's JVM, over files of records that are written once."""

    def __init__(self, folder: Path, sizes: tuple[int, int], address: str) -> None:
        self._job: Job = load(JOB)
        self._folder, self._sizes, self._address, self._runs = folder, sizes, address, 0
        for count in sizes:
            (folder / f"{count}.jsonl").write_text("".join(map(record, range(count))), encoding="utf-8")
        (self._jvm,) = [one for one in psutil.Process().children(recursive=True) if one.name() == "java"]

    def cost(self, form: Form) -> Cost:
        """What a record costs, by two runs. Raises Unequal."""
        small, large = (self._used(form, count) for count in self._sizes)
        pairs = zip(asdict(small).values(), asdict(large).values(), strict=True)
        return Cost(*(slope(low, high, self._sizes) for low, high in pairs))

    def _used(self, form: Form, count: int) -> Cost:
        """What a whole run used."""
        self._runs += 1
        out = self._folder / f"out-{self._runs}"
        source = replace(files.source(self._folder / f"{count}.jsonl"), preprocessing=self._options(form))
        job = without_function(self._job) if form.kind == "none" else self._job
        tables = statements.environment(trial.CONFIGURATION)
        statements.declare(tables, job, {**binding.sinks_in(out, job), "lines": source})
        inserts = statements.inserts(tables, job)
        before, began = self._jvm.cpu_times(), time.monotonic()
        inserts.execute().wait()
        wall, after = time.monotonic() - began, self._cpu()
        require_rows(cases.rows(out / "numbers"), count, form)
        return Cost(
            wall,
            after.user + after.system - before.user - before.system,
            after.children_user + after.children_system - before.children_user - before.children_system,
        )

    def _cpu(self) -> Any:
        """The CPU time of the JVM, when it has waited for the processes that it started and ended."""
        for _attempt in range(100):
            if not self._jvm.children():
                break
            time.sleep(0.05)
        return self._jvm.cpu_times()

    def _options(self, form: Form) -> dict[str, str]:
        numbers = {f"{preprocessing.PREPROCESS}.records": str(form.records)}
        if form.kind == "Python":
            program = JOB / "preprocess.py"
            return preprocessing.of_file(program, hooks.PROGRAM, sys.executable, numbers, splits=True)
        if form.kind == "Lambda":
            return preprocessing.of_lambda(aws.Aws("us-east-1", self._address), ARN, numbers, splits=True)
        return {}


def without_function(job: Job) -> Job:
    """The job with a Lambda function, which is left out over files."""
    lines = job.tables["lines"]
    settings = {**lines.settings, preprocessing.PREPROCESS: ARN}
    return replace(job, tables={**job.tables, "lines": replace(lines, settings=settings)})


def record(number: int) -> str:
    """A line of JSON."""
    return f'{{"n":{number},"name":"record {number}","text":"{PAD}"}}\n'


def require_rows(rows: Sequence[Mapping[str, Any]], count: int, form: Form) -> None:
    """Raise Unequal unless each record is a row, with the field that the function adds."""
    seen = None if form.kind == "none" else True
    numbers = sorted(row["n"] for row in rows if row["seen"] is seen and row["problem"] is None)
    if numbers != list(range(count)):
        raise Unequal(f"{form.name}: {len(numbers)} right rows of {count} records: look at benchmarks/enriched.")


def main(size: Size, told: Path) -> None:
    """Measure all forms, and write the costs of each round, or what is wrong, to a file."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preprocessing-")))
        function = handler.load(JOB / "preprocess.py")
        address = stack.enter_context(function_server.serving(function, LATENCY))
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "any")
        stack.enter_context(trial.started(folder / "flink", environment.for_job(address, {**os.environ, **keys})))
        stage = Stage(folder, RECORDS[size], address)
        forms: dict[str, Callable[[], Cost]] = {form.name: partial(stage.cost, form) for form in _forms(size)}
        try:
            if size is Size.FULL:
                for warm in forms.values():  # so that no form pays for the compilation of what all share
                    warm()
            found = take_turns(forms, ROUNDS[size])
        except Unequal as wrong:
            told.write_text(json.dumps({"wrong": str(wrong)}), encoding="utf-8")
            return
        rounds = {name: [asdict(cost) for cost in costs] for name, costs in found.items()}
        told.write_text(json.dumps({"rounds": rounds, "notes": found.notes}), encoding="utf-8")


if __name__ == "__main__":
    main(Size(sys.argv[1]), Path(sys.argv[2]))
