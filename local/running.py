"""The job in its own process, for demo and tests: start it, wait until it runs, wait until it has read all records."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flink import rest
from local import emulator, resources
from pipeline import settings
from pipeline.job import load
from program import environment, processes
from program.processes import RunError, StartError
from program.waiting import wait_until

START_LIMIT = 240.0  # seconds until every subtask must run; 20 are usual
QUIET = 10.0  # seconds without a record, after which a restarted job has read all records
READ_LIMIT = 120.0  # seconds for the job to read all records after the producer has stopped, and those below
READ_RATE = 2_000  # records a second that it reads at least


def application_properties(endpoint: str, names: resources.Names, **readings: str) -> list[dict[str, object]]:
    """Settings of the job for the emulator at this endpoint; `readings` are further settings of that group."""
    groups = {
        "aws": {"region": emulator.REGION, "endpoint": endpoint},
        "readings": {"stream": names.raw, **readings},
        "summary_stream": {"stream": names.summary},
        "sensor_data": {"table": names.table},
        "error_stream": {"stream": names.errors},
    }
    return settings.document_of(load("unicorn_summary"), groups)


def write_properties(folder: Path, aws: emulator.Emulator, names: resources.Names) -> Path:
    """Write the job's settings for this emulator to a file in `folder`, and return its path."""
    return settings.write(folder, application_properties(aws.endpoint, names))


def write_access(folder: Path, aws: emulator.Emulator) -> str:
    """Write the line that lets other terminals use this emulator to a file in `folder`, for this user only.

    Returns the command that reads it in a terminal of the checkout.
    """
    file = folder / "aws.sh"
    file.touch(mode=0o600)
    file.write_text(environment.line(aws.environment) + "\n", encoding="utf-8")
    return f". {shlex.quote(str(file.relative_to(processes.ROOT)))}"


@dataclass(frozen=True)
class Launch:
    """The inputs for starting a job's process.

    folder: for its files. properties: its settings. environment: its access to AWS. sources: the checkout it starts in.
    command: its command line.
    """

    folder: Path
    properties: Path
    environment: Mapping[str, str]
    sources: Path = processes.ROOT
    command: Sequence[str] = (sys.executable, "-m", "jobs", "run", "unicorn_summary")


def start(
    launch: Launch, flags: Sequence[str], stop: threading.Event | None = None
) -> tuple[subprocess.Popen[bytes], rest.Job]:
    """Start `python -m jobs run` with these flags; returns the process and the submitted job.

    The flag --port sets the port of the web UI; without it a free port is taken. Raises StartError if the process ends
    at once or does not submit the job in time, RunError if `stop` is set.
    """
    log = launch.folder / "job.log"
    begin = log.stat().st_size if log.exists() else 0
    command = [*launch.command, "--properties", str(launch.properties)]
    command += ["--state", str(launch.folder), "--port", "0", *flags]
    process = processes.start(command, log, emulator.child(launch.environment), launch.sources)

    def submitted() -> rest.Job | None:
        if stop and stop.is_set():
            raise RunError("Stopped before the job was submitted.")
        for line in log.read_bytes()[begin:].splitlines():
            if line.startswith(b'{"state": "RUNNING"'):
                submission = json.loads(line)
                return rest.Job(submission["web"], submission["job"])
        if process.poll() is not None:
            raise StartError(f"The Flink job did not start ({processes.last_line(log)}); its log is {log}.")
        return None

    try:
        job = wait_until(submitted, START_LIMIT, 0.1)
        if job is None:
            raise StartError(f"The Flink job did not start within {START_LIMIT:.0f} s; its log is {log}.")
    except BaseException:
        processes.stop(process)
        raise
    return process, job


def wait_until_running(job: rest.Job, process: subprocess.Popen[bytes], stop: threading.Event | None = None) -> None:
    """Wait until every subtask runs. Raises RunError after a limit, if the process ends, or if `stop` is set."""

    def runs() -> bool:
        if process.poll() is not None:
            raise RunError(f"The Flink job ended with exit code {process.returncode} before it was running.")
        if stop is not None and stop.is_set():
            raise RunError("Stopped before the job was running.")
        with suppress(rest.RestError):
            return job.is_running()
        return False

    if not wait_until(runs, START_LIMIT):
        raise RunError(f"The Flink job was not running after {START_LIMIT:.0f} s; look at {job.address}.")


def wait_until_read(
    job: rest.Job, records: int, tick: Callable[[], None] = lambda: None, *, resumed: bool = False
) -> None:
    """Wait until the job has read so many records, or, if it was `resumed` or restarted, until it reads no more.

    A resumed job counts from its checkpoint, so its count is too low. Ten seconds without a record, with all subtasks
    running, show the same. Raises RunError after READ_LIMIT, which grows with the number of records.
    """
    limit = READ_LIMIT + records / READ_RATE
    last, since = -1, time.monotonic()

    def has_read() -> bool:
        nonlocal last, since
        tick()
        try:
            read, running = job.source().records, job.is_running()
            went_on = running and (resumed or job.restarts() > 0)
        except rest.RestError:
            read, running, went_on = -1, False, False
        if read != last or not running:
            last, since = read, time.monotonic()
        return read >= records or (went_on and time.monotonic() - since > QUIET)

    if not wait_until(has_read, limit, 0.3):
        raise RunError(f"The job has read {last} of {records} records after {limit:.0f} s; look at {job.address}.")
