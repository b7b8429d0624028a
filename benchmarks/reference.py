"""Reference data that changes: time to the first row of a version, checkpoints and memory, by the object's size."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks import Size, processes
from benchmarks.tables import Run, Table, Unequal, markdown
from benchmarks.tasks import is_running, running_since
from consumer.shards import TRIM_HORIZON
from consumer.tail import Tail
from flink import distribution, minicluster, rest
from local import emulator, resources
from pipeline import settings
from pipeline.job import load
from program.output import Say
from program.processes import RunError, StartError, free_port, last_line, start, stop
from program.waiting import wait_until

NAME = "reference"
JOB = Path(__file__).parent / "lookups"
BUCKET, KEY = "benchmark-references", "companies.csv"
TRADES, PRICED = "benchmark-trades", "benchmark-priced"
FULL, QUICK = (20, 100, 300), (1,)  # megabytes
MEGABYTE = 1_000_000
ROW = 68  # bytes of a row of the object
CHANGED = 10  # of so many rows, one changes
LIMIT = 1800.0  # seconds for each step; 300 are usual with 1 GB
HEAP = "2g"
PARALLELISM = 2
INTERVAL = 10.0  # seconds between checkpoints
FLINK = {
    "state.backend.type": "rocksdb",
    "execution.checkpointing.incremental": "true",
    "execution.checkpointing.timeout": "30 min",
    "taskmanager.memory.managed.size": "1g",
}


@dataclass(frozen=True)
class Measured:
    """Figures of an object. Times in seconds, sizes in bytes.

    first: from the start of the job's subtasks to the first row of the first version. second: from the end of the write
    of the second version to its first row. longest: of all checkpoints. state: in the last checkpoint. peak: resident
    memory of the job's process. cpu: of the same.
    """

    megabytes: int
    rows: int
    first: float
    second: float
    longest: float
    state: int
    peak: int
    cpu: float


def row(number: int, version: int) -> bytes:
    """A row of the object; every tenth differs from version to version."""
    company = f"company {number:08} v{version if number % CHANGED == 0 else 1}"
    return f"T{number:08},{company},sector {number % 97:024},{number % 100_000:05}\n".encode()


def write(path: Path, rows: int, version: int) -> None:
    """Write a version of so many rows."""
    with path.open("wb") as file:
        for begin in range(0, rows, 100_000):
            file.write(b"".join(row(number, version) for number in range(begin, min(rows, begin + 100_000))))


def measure(size: Size, say: Say) -> list[Table]:
    """The table. Every row that the job wrote is compared with the version that counts at its time."""
    return [table(QUICK if size is Size.QUICK else FULL, say)]


def table(sizes: Sequence[int], say: Say) -> Table:
    """The table of these sizes in megabytes."""
    found = [measured(megabytes, say) for megabytes in sizes]
    return Table(
        NAME,
        "Reference data that changes",
        (
            *("object (MB)", "rows", "first row (s)", "first row after a change (s)", "longest checkpoint (s)"),
            *("state (MB)", "peak memory (MB)", "CPU time (s)"),
        ),
        [
            (
                *(one.megabytes, one.rows, one.first, one.second, one.longest),
                *(float(one.state // MEGABYTE), float(one.peak // MEGABYTE), one.cpu),
            )
            for one in found
        ],
        notes=(
            f"Rows of CSV of {ROW} bytes and four columns; a tenth of them changes. 20 trades a second look them up.",
            f"RocksDB, {HEAP} of heap, {FLINK['taskmanager.memory.managed.size']} of managed memory, parallelism "
            f"{PARALLELISM}, a checkpoint every {INTERVAL:.0f} s, `refresh` of 2 s; AWS is the emulator.",
        ),
        raw={str(one.megabytes): asdict(one) for one in found},
    )


def measured(megabytes: int, say: Say) -> Measured:
    """Run the job over an object of this size, and change that once. Raises Unequal, RunError, StartError."""
    with tempfile.TemporaryDirectory(prefix="reference-") as scratch:
        folder = Path(scratch)
        with emulator.running(folder / "emulator.log") as aws:
            resources.create(aws.environment, 1, load(JOB))
            return _Stage(aws, folder, megabytes, say).measured()


@dataclass
class _Stage:
    """An emulator with the job's streams and an object."""

    aws: emulator.Emulator
    folder: Path
    megabytes: int
    say: Say
    priced: list[dict[str, str]] = field(default_factory=list)
    peak: int = 0

    @property
    def rows(self) -> int:
        return self.megabytes * MEGABYTE // ROW

    def client(self, service: Any) -> Any:
        return resources.account(self.aws.environment).client(service)

    def measured(self) -> Measured:
        self.put(1)
        with self.running() as (process, job), self.trading():
            began = time.monotonic() - (time.time() - running_since(job))
            first = self.wait(1, began)
            second = self.wait(2, self.put(2))
            longest, state = self.checkpoints(job)
            cpu = sum(sum(one.cpu_times()[:2]) for one in psutil.Process(process.pid).children(recursive=True))
            if job.restarts():
                raise RunError(f"The job was restarted: {job.failure()}")
        self.check()
        return Measured(self.megabytes, self.rows, first, second, longest, state, self.peak, cpu)

    def put(self, version: int) -> float:
        """Write a version into S3; when it was there, by the clock of `time.monotonic`."""
        path = self.folder / "object"
        write(path, self.rows, version)
        self.client("s3").upload_file(str(path), BUCKET, KEY)  # in parts: the emulator takes 64 MB at a time
        path.unlink()
        self.say(f"{self.megabytes} MB: version {version} is in S3")
        return time.monotonic()

    def wait(self, version: int, began: float) -> float:
        """Seconds until a row has this version."""
        if not wait_until(lambda: any(one["company"].endswith(f" v{version}") for one in self.priced), LIMIT):
            raise RunError(f"No row has found version {version} of {self.megabytes} MB within {LIMIT:.0f} s.")
        took = time.monotonic() - began
        self.say(f"{self.megabytes} MB: the first row of version {version} came after {took:.0f} s")
        return took

    def checkpoints(self, job: rest.Job) -> tuple[float, int]:
        """The longest checkpoint in seconds, and the state in the last in bytes. No row comes before there is one."""
        found = job.checkpoints()
        return found["summary"]["end_to_end_duration"]["max"] / 1000, found["latest"]["completed"]["state_size"]

    def check(self) -> None:
        """Raises Unequal unless each row has what its version has."""
        begin = min(one["event_time"] for one in self.priced if one["company"].endswith(" v2"))
        for one in self.priced:
            wanted = row(int(one["ticker"][1:]), 2 if one["event_time"] >= begin else 1).split(b",")[1].decode()
            if one["company"] != wanted:
                raise Unequal(f"{one} should have {wanted!r}, as version 2 counts from {begin} on.")

    @contextlib.contextmanager
    def trading(self) -> Iterator[None]:
        """In the block, trades come, half of them with a ticker that changes, and rows are read."""
        ended = threading.Event()

        def send() -> None:
            kinesis, chance = self.client("kinesis"), random.Random(7)  # noqa: S311  (no secret)
            while not ended.wait(0.5):
                tens = [chance.randrange(self.rows // CHANGED) * CHANGED for _ in range(5)]
                tickers = [f"T{number:08}" for ten in tens for number in (ten, ten + 1)]
                records = [{"PartitionKey": ticker, "Data": ticker.encode()} for ticker in tickers]
                kinesis.put_records(StreamName=TRADES, Records=records)

        def read() -> None:
            for batch in Tail(self.client("kinesis"), PRICED, TRIM_HORIZON).batches():
                self.priced.extend(json.loads(record.data) for record in batch.records)
                if ended.is_set():
                    return

        threads = [threading.Thread(target=work) for work in (send, read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[subprocess.Popen[bytes], rest.Job]]:
        """In the block, the job runs in a process of its own."""
        place = {"region": emulator.REGION, "endpoint": self.aws.endpoint}
        given = settings.write(self.folder, settings.document_of(load(JOB), {"aws": place}))
        log, port = self.folder / "job.log", free_port()
        command = [sys.executable, "-m", "benchmarks.reference", "--job", str(given), str(port)]
        process = start(command, log, emulator.child(self.aws.environment))

        def submitted() -> rest.Job | None:
            if process.poll() is not None:
                raise StartError(f"The job did not start: {last_line(log)}")
            ids = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("job ")]
            return rest.Job(f"http://127.0.0.1:{port}", ids[0].split()[1]) if ids else None

        try:
            job = wait_until(submitted, LIMIT)
            if job is None or not wait_until(lambda: is_running(job), LIMIT):
                raise StartError(f"The job was not running within {LIMIT:.0f} s: {last_line(log)}")
            threading.Thread(target=self.sample, args=(process,), daemon=True).start()
            yield process, job
        finally:
            stop(process)

    def sample(self, process: subprocess.Popen[bytes]) -> None:
        """Note the largest memory of the job until it ends."""
        while process.poll() is None:
            self.peak = max(self.peak, processes.resident(process.pid))
            time.sleep(0.5)


def run_job(given: Path, port: int) -> None:
    """Run the job of these settings until this process is terminated; its id is printed."""
    launch = minicluster.Launch(PARALLELISM, given.parent, port, checkpoint_seconds=INTERVAL)
    distribution.use(distribution.jvm(given.parent / "log", HEAP), dict(os.environ))
    import main  # noqa: PLC0415  (imports PyFlink, which needs the JVM first)

    client = main.submit(given, launch.configuration() | FLINK).get_job_client()
    print(f"job {client.get_job_id()}", flush=True)
    client.get_job_execution_result().result()


def by_hand(sizes: Sequence[int]) -> None:
    """Print the table of these sizes in megabytes: `python -m benchmarks.reference 1000`."""
    command = " ".join(["python -m benchmarks.reference", *map(str, sizes)])
    print(markdown(table(sizes, lambda text: print(text, file=sys.stderr, flush=True)), Run.of(command)))


if __name__ == "__main__":
    if sys.argv[1] == "--job":
        run_job(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        by_hand([int(size) for size in sys.argv[1:]])
