"""The demo: unicorns through Kinesis and Flink into rows, and every row proven against what the producer sent."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from consumer.tail import stored
from local import check, emulator, lib, processes, resources, rest
from local.processes import StartError
from local.view import Scene, Show, view
from local.watch import Seen, Watch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

JOB_LIMIT = 240.0  # seconds until every subtask must run; 20 are usual
READ_LIMIT = 120.0  # seconds for the job to read what was sent, after the producer has stopped
DRAIN_LIMIT = 120.0  # seconds to close the last windows
KEPT = 3  # folders of former demos


@dataclass(frozen=True)
class Options:
    """What the demo is asked to do.

    unicorns, shards, parallelism: how many. speed: the producer's clock against the wall clock. windows: end after so
    many closed windows, None for never. late, out_of_order, malformed: shares of the readings, 0 to 1.
    seed: of the flight. port, web_port: of the AWS endpoint and Flink's web UI, 0 for free ones.
    """

    unicorns: int = 20
    shards: int = 4
    parallelism: int = 4
    speed: float = 20
    windows: int | None = None
    late: float = 0.01
    out_of_order: float = 0.05
    malformed: float = 0.01
    seed: int | None = None
    port: int = 0
    web_port: int = 0


class DemoError(Exception):
    """The demo cannot go on; the text is one sentence."""


def run(options: Options) -> int:
    """Run the demo; 0 only if every row is right and every record accounted for, else 1 with the reasons."""
    folder = new_folder()
    with ExitStack() as stack:
        asked = stack.enter_context(signals())
        started = time.monotonic()

        def say(text: str) -> None:
            print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)

        say("starting the AWS emulator")
        aws = stack.enter_context(emulator.running(folder / "emulator.log", options.port))
        names = resources.default_names()
        kinesis, dynamodb = resources.clients(aws.environment)
        resources.create(kinesis, dynamodb, options.shards, names)
        say(f"{names.raw} with {options.shards} shards at {aws.endpoint}; starting Flink, which takes a while")
        runner, job = start_job(
            folder, aws, names, options.parallelism, web_port=options.web_port
        )
        stack.callback(processes.stop, runner)
        say(f"job submitted, Flink's web UI is {job.address}; waiting for its subtasks")
        wait_until_running(job, runner, folder, asked)
        say("job running, unicorns take off; the first rows come some 12 s after the first records")
        copy = folder / "sent.jsonl"
        producer = processes.start(producer_command(options, copy), folder / "producer.log", aws.environment)
        stack.callback(processes.stop, producer, 15)
        scene = Scene(job.address, aws.endpoint, str(folder), _task(options))
        watch = stack.enter_context(Watch(kinesis, dynamodb, names, copy, job))
        with view(scene) as show:
            first_row = _fly(watch.seen, show, options, {"job": runner, "producer": producer}, asked, folder)
            _land(watch.seen, show, producer, runner, job, folder)
        if first_row is not None:
            print(f"The first summary row came {first_row - started:.0f} s after the start.")
        return report(check_all(kinesis, dynamodb, names, copy), folder)


def new_folder() -> Path:
    """A folder for the files of one demo; the oldest former ones are removed."""
    lib.STATE.mkdir(exist_ok=True)
    former = sorted(lib.STATE.glob("demo-*"), key=lambda path: path.stat().st_mtime)
    for old in former[: max(0, len(former) - KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="demo-", dir=lib.STATE))


def start_job(
    folder: Path,
    aws: emulator.Emulator,
    names: resources.Names,
    parallelism: int,
    *,
    web_port: int = 0,
    resume: str | None = None,
) -> tuple[subprocess.Popen[bytes], rest.Job]:
    """The job on a minicluster in a process of its own, submitted. Raises StartError when it is not in time."""
    properties = folder / "application_properties.json"
    properties.write_text(json.dumps(application_properties(aws.endpoint, names), indent=2), encoding="utf-8")
    port = web_port or processes.free_port()
    log = folder / "job.log"
    begin = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "local", "job", "--properties", str(properties), "--parallelism"]
    command += [str(parallelism), "--port", str(port), "--state", str(folder)]
    command += ["--resume", resume] if resume else []
    process = processes.start(command, log, aws.environment)
    deadline = time.monotonic() + JOB_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_bytes()[begin:].splitlines():
            if line.startswith(b'{"state": "RUNNING"'):
                return process, rest.Job(f"http://127.0.0.1:{port}", json.loads(line)["job"])
        time.sleep(0.1)
    processes.stop(process)
    raise StartError(f"The Flink job did not start ({processes.last_line(log)}); its log is {log}.")


def application_properties(
    endpoint: str, names: resources.Names, region: str = emulator.REGION
) -> list[dict[str, Any]]:
    """Settings of the job for the emulator at this endpoint."""
    groups = {
        "aws": {"region": region, "endpoint": endpoint},
        "readings": {"stream": names.raw},
        "summary_stream": {"stream": names.summary},
        "sensor_data": {"table": names.table},
        "error_stream": {"stream": names.errors},
    }
    return [{"PropertyGroupId": group, "PropertyMap": values} for group, values in groups.items()]


def wait_until_running(
    job: rest.Job, runner: subprocess.Popen[bytes], folder: Path, asked: threading.Event | None = None
) -> None:
    """Wait for every subtask. Raises DemoError after a limit, or when the job or the caller gives up."""
    deadline = time.monotonic() + JOB_LIMIT
    while time.monotonic() < deadline:
        if runner.poll() is not None:
            raise DemoError(f"The Flink job ended ({processes.last_line(folder / 'job.log')}).")
        if asked is not None and asked.is_set():
            raise DemoError("Stopped before the job was running.")
        try:
            if job.is_running():
                return
        except rest.RestError:
            pass
        time.sleep(0.2)
    raise DemoError(f"The Flink job was not running after {JOB_LIMIT:.0f} s; look at {job.address}.")


def producer_command(options: Options, copy: Path) -> list[str]:
    """The producer as a person would start it."""
    command = [sys.executable, "-m", "producer", "--unicorns", str(options.unicorns), "--speed", str(options.speed)]
    command += ["--late", str(options.late), "--out-of-order", str(options.out_of_order)]
    command += ["--malformed", str(options.malformed), "--copy", str(copy)]
    return command + (["--seed", str(options.seed)] if options.seed is not None else [])


def _task(options: Options) -> str:
    end = "until Ctrl-C" if options.windows is None else f"until {options.windows} windows have closed"
    return (
        f"{options.unicorns} unicorns, {options.shards} shards, parallelism {options.parallelism}, "
        f"one minute in {60 / options.speed:.3g} s, {end}"
    )


@contextmanager
def signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second one is a KeyboardInterrupt."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _fly(
    seen: Seen,
    show: Show,
    options: Options,
    parts: dict[str, subprocess.Popen[bytes]],
    asked: threading.Event,
    folder: Path,
) -> float | None:
    """Show what happens until it has been enough; when the first row came, by the monotonic clock."""
    first_row = None
    while not asked.wait(0.2):
        show(seen, "flying")
        for name, process in parts.items():
            if process.poll() is not None:
                raise DemoError(f"The {name} ended ({processes.last_line(folder / f'{name}.log')}).")
        if first_row is None and seen.rows:
            first_row = time.monotonic()
        if options.windows is not None and len(seen.windows) >= options.windows:
            break
    return first_row


def _land(
    seen: Seen,
    show: Show,
    producer: subprocess.Popen[bytes],
    runner: subprocess.Popen[bytes],
    job: rest.Job,
    folder: Path,
) -> None:
    """Stop the producer, let the job read everything, and close the windows that are still open."""
    producer.terminate()
    _wait(lambda: producer.poll() is not None, 30, "The producer did not end", lambda: show(seen, "landing"))
    sent = len(read_lines(folder / "sent.jsonl"))
    wait_until_read(job, sent, lambda: show(seen, "landing"))
    show(seen, "closing the last windows")
    job.drain(DRAIN_LIMIT)
    _wait(lambda: runner.poll() is not None, 60, "The job did not end", lambda: None)
    show(seen, "landed")


def wait_until_read(job: rest.Job, records: int, tick: Callable[[], None] = lambda: None) -> None:
    """Wait until the job has read so many records, or, if it was restarted meanwhile, until it reads no more.

    After a restart Flink counts from the checkpoint on, so the number says less; standing still for ten seconds with
    all subtasks running says the same. Raises DemoError after READ_LIMIT.
    """
    deadline = time.monotonic() + READ_LIMIT
    last, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        tick()
        try:
            read, running = job.source().records, job.is_running()
        except rest.RestError:
            read, running = -1, False
        if read != last or not running:
            last, since = read, time.monotonic()
        if read >= records or (running and job.restarts() and time.monotonic() - since > 10):
            return
        time.sleep(0.3)
    raise DemoError(f"The job has read {last} of {records} records after {READ_LIMIT:.0f} s; look at {job.address}.")


def read_lines(path: Path) -> list[bytes]:
    """The records of a producer's copy: each ends in a newline, and only there."""
    with path.open("rb") as file:
        return list(file)


def _wait(done: Callable[[], bool], seconds: float, what: str, tick: Callable[[], None]) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise DemoError(f"{what} within {seconds:.0f} s.")
        tick()
        time.sleep(0.1)


def check_all(kinesis: KinesisClient, dynamodb: DynamoDBClient, names: resources.Names, copy: Path) -> check.Report:
    """Read both streams and the table to their ends, and compare them with what the producer sent."""
    return check.check(
        read_lines(copy),
        [record.data for record in stored(kinesis, names.summary)],
        items(dynamodb, names.table),
        [record.data for record in stored(kinesis, names.errors)],
    )


def items(dynamodb: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    """Every item of the table as plain values; numbers of this application are whole."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [
        {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]


def report(result: check.Report, folder: Path) -> int:
    """Print what was compared; 0 if nothing is wrong."""
    errors = ", ".join(f"{count} {name}" for name, count in result.errors.items()) or "none"
    print(
        f"Checked {result.records:,} records sent against {result.rows:,} rows of {result.windows} windows, on the "
        f"stream and in the table, and against the errors stream ({errors})."
    )
    if result.repeated:
        print(f"{result.repeated} stood on a stream twice with the same content, as after a restart they may.")
    if not result.problems:
        print("Every row is equal, none is missing or extra, and every record is counted exactly once.")
        return 0
    for problem in result.problems[:20]:
        print(f"WRONG: {problem}")
    print(f"{len(result.problems)} things are wrong. What was sent and all logs are in {folder}.")
    return 1
