"""Start-up: from the command to the job running and to its first row, second by second.

The steps of the demo, one after the other, where the demo does some side by side: the emulator, its streams, the job's
process. A backlog waits on the stream, so that the first windows close as soon as the job reads.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks import Size, latency, shares, tasks
from benchmarks.accounts import require_right
from benchmarks.figures import Spread
from benchmarks.tables import Cell, Table
from benchmarks.traffic import Traffic
from benchmarks.turns import Turns, take_turns
from flink import rest
from local import emulator, proof, resources, running
from program import folders, processes
from program.output import Say
from program.processes import RunError
from program.waiting import wait_until

NAME = "startup"
ROUNDS = {Size.FULL: 3, Size.QUICK: 1}
REPEATED = {Size.FULL: 120.0, Size.QUICK: 0.0}  # seconds from the start; no round is repeated that would end later
CONTENDERS = {"as the demo, --brief": ["--brief"], "for long, without --brief": []}
SHARDS = 4
BACKLOG_S = 300  # of event time
LIMIT = 240.0  # seconds for each step
PAUSE = 0.02  # seconds between two looks
# What the job's process prints when it begins with a step.
IMPORTED, JAVA_RUNS, SUBMITTED = b"starting Java and Flink", b"working out the job's plan", b'{"state": "RUNNING"'


@dataclass(frozen=True)
class Start:
    """The seconds that each step took, in their order, and the CPU seconds of the job's process until the first row."""

    emulator: float
    streams: float
    python: float
    java: float
    plan: float
    tasks: float
    first_row: float
    cpu: float

    @property
    def to_running(self) -> float:
        """From the command to all tasks running."""
        return self.emulator + self.streams + self.python + self.java + self.plan + self.tasks

    @property
    def whole(self) -> float:
        """From the command to the first row in the table."""
        return self.to_running + self.first_row


STEPS = (
    ("emulator", "the emulator starts, until it answers"),
    ("streams", "streams, table and roles, from the template"),
    ("python", "Python of the job's process: its imports, its settings"),
    ("java", "Java starts"),
    ("plan", "the plan of the SQL, Flink's own start, the submission"),
    ("tasks", "all tasks, until the last of them runs"),
    ("to_running", "**to the job running**"),
    ("first_row", "the first row is in the table"),
    ("whole", "**to the first row**"),
    ("cpu", "CPU seconds of the job's process until then"),
)


def measure(size: Size, say: Say) -> list[Table]:
    """Measure, and compare all rows with the records. Raises Unequal, RunError, StartError."""
    chosen = CONTENDERS if size is Size.FULL else dict([next(iter(CONTENDERS.items()))])
    contenders = {name: partial(start, flags, say) for name, flags in chosen.items()}
    turns = take_turns(contenders, ROUNDS[size], ends_by=time.monotonic() + REPEATED[size])
    return [_table(turns)]


def start(flags: Sequence[str], say: Say) -> Start:
    """Start everything once, stop it again, and compare the rows. flags: of `jobs run`."""
    say(f"starting the job {' '.join(flags)}".rstrip())
    with ExitStack() as stack:
        folder = stack.enter_context(folders.fresh("benchmark", "benchmarks"))
        marks = [time.time()]
        aws = stack.enter_context(emulator.running(folder / "emulator.log", module="benchmarks.stamped"))
        marks.append(time.time())
        names = resources.default_names()
        resources.create(aws.environment, SHARDS, resources.workshop(), names.of_tables())
        marks.append(time.time())
        sent = _backlog(folder, aws, names)
        properties = running.write_properties(folder, aws, names)
        command = [sys.executable, "-m", "jobs", "run", "unicorn_summary", "--properties", str(properties)]
        command += ["--state", str(folder), "--port", "0", *flags]
        began = time.time()
        process = processes.start(command, folder / "job.log", emulator.child(aws.environment))
        stack.callback(processes.stop, process)
        imported, java_runs = (_printed(process, folder, text)[0] for text in (IMPORTED, JAVA_RUNS))
        submitted = json.loads(_printed(process, folder, SUBMITTED)[1])
        job = rest.Job(submitted["web"], submitted["job"])
        planned = tasks.submitted_at(job)
        _when(process, lambda: tasks.is_running(job), "run")
        runs = tasks.running_since(job)
        _when(process, lambda: bool(latency.stamps(folder / "emulator.log").writes), "write a row")
        cpu = shares.used(psutil.Process(process.pid))
        first = min(at for _begun, at in latency.stamps(folder / "emulator.log").writes.values())
        _finish(job, process, aws, names, sent)
    emulated, streams = (after - before for before, after in pairwise(marks))
    return Start(
        emulated, streams, imported - began, java_runs - imported, planned - java_runs, runs - planned,
        first - runs, cpu,
    )  # fmt: skip


def _backlog(folder: Path, aws: emulator.Emulator, names: resources.Names) -> Path:
    """Send five minutes of 20 unicorns; returns the file with the records."""
    copy = folder / "sent.jsonl"
    begin = int(time.time() - 2 * BACKLOG_S) * 1000
    traffic = Traffic(20, 4_000, 4_000 / 20, BACKLOG_S * 20 / 4_000, begin)
    command, log = traffic.command(names.raw, copy), folder / "producer.log"
    process = processes.start(command, log, emulator.child(aws.environment))
    try:
        if process.wait(LIMIT):
            raise RunError(f"The producer ended ({processes.last_line(log)}).")
    finally:
        processes.stop(process)
    return copy


def _printed(process: subprocess.Popen[bytes], folder: Path, text: bytes) -> tuple[float, bytes]:
    """When the job's process has printed this text, in seconds since 1970, and the line from there."""

    def line() -> bytes:
        at = (log := (folder / "job.log").read_bytes()).find(text)
        return log[at:].splitlines()[0] if at >= 0 and b"\n" in log[at:] else b""

    when = _when(process, lambda: bool(line()), f"print {text.decode()}")
    return when, line()


def _when(process: subprocess.Popen[bytes], done: Callable[[], bool], what: str) -> float:
    """Wait until it is done; the time in seconds since 1970. Raises RunError if the process ends first, or is late."""

    def is_over() -> bool:
        return done() or process.poll() is not None

    if not wait_until(is_over, LIMIT, PAUSE) or not done():
        raise RunError(f"The job's process did not {what} within {LIMIT:.0f} s, or ended.")
    return time.time()


def _finish(
    job: rest.Job, process: subprocess.Popen[bytes], aws: emulator.Emulator, names: resources.Names, sent: Path
) -> None:
    """Let the job read everything and close its windows. Raises Unequal unless rows and errors are right."""
    lines = proof.read_lines(sent)
    running.wait_until_read(job, len(lines))
    job.drain(LIMIT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(LIMIT)
    require_right(aws, names, lines)


def _table(turns: Turns[Start]) -> Table:
    rows: list[list[Cell]] = [
        [title, *(Spread.of(getattr(one, step) for one in starts) for starts in turns.values())]
        for step, title in STEPS
    ]
    notes = [
        "The demo lets the unicorns fly while Flink starts. Here a backlog of five minutes is on the stream before, "
        "and the time in which it was sent does not count.",
        "All rows were compared with the records.",
        *turns.notes,
    ]
    raw = {name: [vars(one) for one in starts] for name, starts in turns.items()}
    return Table(NAME, "Start-up of the job through the local AWS, in seconds", ["", *turns], rows, notes, raw=raw)
