"""A fault case: AWS behind the fault proxy, a flight of unicorns, the job in a process, and the final comparison."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from consumer.tail import stored
from flink import rest
from flink.rest import Job, RestError
from local import emulator, oracle, proof, resources, running
from local.emulator import Emulator
from pipeline import settings
from pipeline.job import Job as Declaration
from program import processes
from program.processes import RunError
from tests.emulated import wait_for
from tests.faults.proxy import Proxy

RATE = 400  # records a second of a flight: 20 unicorns, a minute in 3 s
BATCH = 500  # records of a PutRecords
ROW_LIMIT = 120.0  # seconds to the next row
# The flight of most cases: with the demo's faults in the data, so that PARSE, COERCION and LATE are compared too.
FLIGHT = ("--unicorns", "20", "--late", "0.01", "--out-of-order", "0.05", "--malformed", "0.01")


T = TypeVar("T")


@dataclass
class Outcome:
    """The result of a case, for the table.

    fault: a description. recovery: seconds from the end of the fault to the next row. restarts: of the job.
    """

    fault: str
    recovery: float | None = None
    restarts: int = 0
    report: oracle.Report | None = None


@dataclass
class Trial:
    """The stage of a case; `aws` has no faults, the job uses `between`, the proxy.

    The job is the unicorns'. A subclass for another job overrides the parts that depend on the job.
    """

    job_name: ClassVar[str] = "unicorn_summary"
    program: ClassVar[Sequence[str]] = running.Launch.command[:-1]  # the command that runs a job, without its name

    folder: Path
    aws: Emulator
    kinesis_endpoint: str
    between: Proxy
    names: resources.Names
    outcome: Outcome
    is_unprotected: bool
    sources: Path = processes.ROOT
    copies: list[Path] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)  # that no producer sent
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _job: Job | None = None

    @property
    def clients(self) -> tuple[Any, Any]:
        kinesis, _none = resources.clients(self.aws.environment | {"AWS_ENDPOINT_URL": self.kinesis_endpoint})
        return kinesis, resources.clients(self.aws.environment)[1]

    @property
    def environment(self) -> dict[str, str]:
        """The job's access to AWS."""
        return self.between.environment

    @property
    def job(self) -> Job:
        assert self._job is not None, "the job was started"
        return self._job

    @job.setter
    def job(self, job: Job) -> None:
        self._job = job

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the job was started in a process of its own"
        return self._process

    def create(self, shards: int) -> None:
        """Create the job's streams and tables."""
        resources.create(self.aws.environment, shards, resources.workshop(), self.names.of_tables())

    def properties(self) -> Path:
        """The job's settings: its AWS is the proxy."""
        document = running.application_properties(self.between.endpoint, self.names)
        groups = {item["PropertyGroupId"]: item["PropertyMap"] for item in document}
        for table, options in self.options.items():
            groups[table] |= {f"option.{name}": value for name, value in options.items()}
        return settings.write(self.folder, document)

    def written(self, job: Declaration, groups: Mapping[str, Mapping[str, str]]) -> Path:
        """The settings of another job: these groups, and its AWS is the proxy."""
        place = {"region": emulator.REGION, "endpoint": self.between.endpoint}
        return settings.write(self.folder, settings.document_of(job, {"aws": place, **groups}))

    def feed_slowly(
        self, put: Callable[[list[T]], None], records: Sequence[T], slowly: int, rows: int, seconds: float = 180
    ) -> None:
        """Put these records, the last `slowly` of them ten at a time until so many more rows have come out.

        Then the records that are left. The watermark moves with the next record only: records that are all read at
        once after a start may give no row.
        """
        wanted = len(self.rows()) + rows
        put(list(records[:-slowly]))
        left = list(records[-slowly:])

        def come() -> bool:
            put(left[:10])
            del left[:10]
            return self.is_alive() and len(self.rows()) >= wanted

        wait_for(come, seconds, f"{rows} more rows come out")
        put(left)

    def start(self, *flags: str, parallelism: int = 2, within: Sequence[str] = ()) -> None:
        """Start `python -m jobs run`, with `within` as a command before it, and wait until every subtask runs.

        Raises StartError or RunError, no AssertionError: without its protection a case must fail later, not here.
        """
        launch = running.Launch(self.folder, self.properties(), self.environment, self.sources)
        launch = replace(launch, command=(*within, *self.program, self.job_name))
        self._process, self._job = running.start(launch, ["--parallelism", str(parallelism), *flags])
        running.wait_until_running(self.job, self.process)

    def kill(self) -> None:
        """kill -9 of the job's process and its JVM."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    @contextmanager
    def flying(self, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
        """A flight of unicorns until the block ends, sent directly to the stream."""
        flight = self.fly(*flags)
        try:
            yield flight
        finally:
            processes.stop(flight, 20)

    def fly(self, *flags: str) -> subprocess.Popen[bytes]:
        """Start a producer for the raw stream."""
        copy = self.folder / f"sent-{len(self.copies)}.jsonl"
        self.copies.append(copy)
        command = [sys.executable, "-m", "producer", "--stream", self.names.raw, "--copy", str(copy), *flags]
        environment = self.aws.environment | {"AWS_ENDPOINT_URL": self.kinesis_endpoint}
        return processes.start(command, copy.with_suffix(".log"), emulator.child(environment))

    def send(self, *flags: str) -> None:
        """Run a producer to its end."""
        flight = self.fly(*flags)
        try:
            assert flight.wait(120) == 0, processes.last_line(self.copies[-1].with_suffix(".log"))
        finally:
            processes.stop(flight)

    def put(self, lines: Sequence[bytes]) -> None:
        """Put these records on the raw stream, unchanged."""
        kinesis, _dynamodb = self.clients
        for line in lines:
            kinesis.put_record(StreamName=self.names.raw, Data=line, PartitionKey=str(len(line)))
        self.records += lines

    def put_all(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Put these pairs of partition key and record on the raw stream, in their order on each shard."""
        kinesis, _dynamodb = self.clients
        for begin in range(0, len(records), BATCH):
            entries = [{"PartitionKey": key, "Data": data} for key, data in records[begin : begin + BATCH]]
            assert kinesis.put_records(StreamName=self.names.raw, Records=entries)["FailedRecordCount"] == 0
        self.records += [data for _key, data in records]

    def rows(self) -> list[bytes]:
        """The records of the summary stream."""
        return [record.data for record in stored(self.clients[0], self.names.summary)]

    def wait_for_rows(self, seconds: float = ROW_LIMIT) -> None:
        """Wait until there are more rows than now."""
        before = len(self.rows())
        wait_for(lambda: self.is_alive() and len(self.rows()) > before, seconds, "more rows come out")

    def recover(self, seconds: float = ROW_LIMIT) -> None:
        """Measure the recovery: from now, the end of the fault, until the next rows."""
        since = time.monotonic()
        self.wait_for_rows(seconds)
        self.outcome.recovery = time.monotonic() - since

    def is_alive(self) -> bool:
        """True; an AssertionError if the job has ended or will not restart."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"the job ended: {processes.last_line(self.folder / 'job.log')}")
        try:
            state = self.job.state()
        except RestError:
            return True  # the answer may be late; the process lives
        assert state not in rest.ENDED, f"the job is {state}: {self.job.failure()}"
        return True

    def sent(self) -> list[bytes]:
        return [*(line for copy in self.copies for line in proof.read_lines(copy)), *self.records]

    def finish(self, *, late_by_shard: bool = True, resumed: bool = False) -> oracle.Report:
        """Let the job read all records, close all windows, and compare."""
        self.is_alive()
        try:
            running.wait_until_read(self.job, len(self.sent()), resumed=resumed)
            self.outcome.restarts = self.job.restarts()
        except (RunError, RestError) as error:
            raise AssertionError(str(error)) from error
        try:
            self.job.drain(90)
        except RestError as error:  # the process may have ended well before it was asked what became of the savepoint
            if self._process is None or self._process.wait(60) != 0:
                raise AssertionError(str(error)) from error
        if self._process is not None:
            assert self._process.wait(60) == 0, processes.last_line(self.folder / "job.log")
        return self.settle(late_by_shard=late_by_shard)

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:
        """Every row equals the oracle's, none is missing or repeated, rows and errors cover all records."""
        report = proof.prove(*self.clients, self.names, self.sent(), late_by_shard=late_by_shard)
        self.outcome.report = report
        if report.problems:
            self.keep_evidence(report)
        assert not report.problems, (
            f"{len(report.problems)} problems ({self.folder} has all), the first: {report.problems[0]}"
        )
        assert report.records == len(self.sent()) > 0
        assert report.rows > 0
        return report

    def keep_evidence(self, report: oracle.Report) -> None:
        """Write all problems and all errors to files, because the streams end with the case."""
        (self.folder / "problems.txt").write_text("\n".join(report.problems), encoding="utf-8")
        errors = [record.data for record in stored(self.clients[0], self.names.errors)]
        (self.folder / "errors.jsonl").write_bytes(b"".join(errors))

    def close(self) -> None:
        if self._process is not None:
            processes.stop(self._process)


def checkpoints(job: Job) -> int:
    """Checkpoints completed so far; -1 without an answer of the job."""
    try:
        return int(job.checkpoints()["counts"]["completed"])
    except RestError:
        return -1


def wait_for_checkpoint(trial: Trial, seconds: float = 60) -> None:
    """Wait for a checkpoint that began after this moment: two more than now."""
    before = checkpoints(trial.job)
    wait_for(lambda: trial.is_alive() and checkpoints(trial.job) >= before + 2, seconds, "a checkpoint completes")


def open_shards(kinesis: Any, stream: str) -> list[str]:
    """The open shards, in the order of their hash keys."""
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    living = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
    return [shard["ShardId"] for shard in sorted(living, key=lambda s: int(s["HashKeyRange"]["StartingHashKey"]))]
