"""End to end through the local AWS: records a second, latency from PutRecords to the row in DynamoDB, and the limit.

The emulator, the job in a process of its own as the demo runs it, and a process that sends. For each number of shards
there is a job. It takes records at one rate, of different numbers of unicorns in turn, then all that the producer can
send.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import Size
from benchmarks.accounts import require_right
from benchmarks.figures import Spread
from benchmarks.latency import Latency, Put, Stamps, by_shard, closings, latencies, quantile, stamps
from benchmarks.plots import Bars
from benchmarks.shares import Usage
from benchmarks.tables import Cell, Table
from benchmarks.traffic import FIRST, Traffic
from benchmarks.turns import Load
from consumer.tail import stored
from flink import rest
from local import emulator, proof, resources, running
from pipeline import settings
from producer.records import status_time
from program import folders, processes
from program.formats import many
from program.output import Say
from program.processes import RunError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

NAME = "end_to_end"
WINDOW_MS = 60_000
BEGIN_S = 7200  # before now, in event time: no reading may be ahead of its arrival
STOP_LIMIT = 120.0  # seconds to close the last windows


@dataclass(frozen=True)
class Plan:
    """What is measured.

    shards: of the stream, a job each. unicorns: numbers that take turns in a job, growing. rate: records a second.
    speed: event time by wall clock. seconds: with each number of unicorns. warm: seconds before. most: records that the
    producer then sends as fast as it can.
    """

    shards: tuple[int, ...]
    unicorns: tuple[int, ...]
    rate: float
    speed: float
    seconds: float
    warm: float
    most: int


PLANS = {
    Size.FULL: Plan((1, 4, 16), (10, 1_000, 100_000), 1_000, 12, 25, 10, 60_000),
    Size.QUICK: Plan((2,), (10, 200), 400, 30, 5, 2, 4_000),
}
BUSY = 0.85  # of a core, from which on a process or machine counts as busy
MOST_UNICORNS = 100  # of the producer's flight as fast as it can


@dataclass(frozen=True)
class Phase:
    """A time in which records were sent. first: number of the first of these records, of all that were sent."""

    first: int
    records: int
    first_ms: int
    usage: Usage


@dataclass(frozen=True)
class Times:
    """When the records of a phase arrived, in seconds since 1970: the first and the last. read: when the job had all.

    cores: that each process kept busy from the first to `read`.
    """

    first: float
    last: float
    read: float
    cores: Mapping[str, float]


@dataclass(frozen=True)
class Steady:
    """A phase at a steady rate: the unicorns in it, the shards without a record, and the rows' latencies by window."""

    shards: int
    silent: int
    unicorns: int
    times: Times
    rows: Mapping[int, Sequence[Latency]]

    def quantile(self, share: float, part: str = "whole") -> float:
        """Of a part of the latency, in seconds."""
        return quantile((getattr(row, part) for rows in self.rows.values() for row in rows), share)


@dataclass(frozen=True)
class Most:
    """The phase in which the producer sent as fast as it could."""

    shards: int
    records: int
    times: Times

    @property
    def rate(self) -> float:
        """Records a second, until the job had read the last."""
        return self.records / (self.times.read - self.times.first)


@dataclass
class Stage:
    """A running job with its emulator. sent: files with the records. next_ms: event time of the next record."""

    folder: Path
    aws: emulator.Emulator
    names: resources.Names
    job: rest.Job
    runner: subprocess.Popen[bytes]
    next_ms: int
    sent: list[Path] = field(default_factory=list)

    @property
    def kinesis(self) -> KinesisClient:
        return resources.clients(self.aws.environment)[0]

    def command(self, command: Sequence[str], records: int, first_ms: int, copy: Path) -> Phase:
        """Run a process that sends so many records, until the job has read all of them."""
        before = sum(len(proof.read_lines(one)) for one in self.sent)
        process = processes.start(command, copy.with_suffix(".log"), emulator.child(self.aws.environment))
        usage = Usage({"producer": process, "emulator": self.aws.process, "job": self.runner})
        try:
            while process.poll() is None:
                time.sleep(0.05)
                usage.look()
                if self.runner.poll() is not None:
                    raise RunError(f"The job ended ({processes.last_line(self.folder / 'job.log')}).")
        finally:
            processes.stop(process)
        if process.returncode:
            raise RunError(f"The producer ended ({processes.last_line(copy.with_suffix('.log'))}).")
        self.sent.append(copy)
        running.wait_until_read(self.job, before + records, usage.look)
        return Phase(before, records, first_ms, usage)

    def steady(self, traffic: Traffic) -> Phase:
        """Send this traffic."""
        copy = self.folder / f"sent-{len(self.sent)}.jsonl"
        self.next_ms = traffic.end_ms
        return self.command(traffic.command(self.names.raw, copy), traffic.records, traffic.start_ms, copy)

    def most(self, records: int) -> Phase:
        """Send as fast as the producer can."""
        copy = self.folder / f"sent-{len(self.sent)}.jsonl"
        flags = ["--unicorns", str(MOST_UNICORNS), "--msgs", str(records), "--rate", "max", "--seed", "7", "--quiet"]
        flags += ["--start", status_time(self.next_ms), "--name", FIRST, "--copy", str(copy)]
        return self.command([*producer(), "--stream", self.names.raw, *flags], records, self.next_ms, copy)


def producer() -> list[str]:
    """The command of the shipped producer."""
    return [sys.executable, "-m", "producer"]


def measure(size: Size, say: Say) -> list[Table]:
    """Measure, and compare every row and error with the records sent. Raises Unequal, RunError, StartError."""
    plan, load = PLANS[size], Load()
    steady: list[Steady] = []
    most: list[Most] = []
    for shards in plan.shards:
        say(f"{many(shards, 'shard')}: starting emulator and job")
        with stage(shards) as on:
            found = _run(on, plan, shards, say)
        steady += found[0]
        most.append(found[1])
    loud = load.note()
    return [_latency_table(plan, steady, loud), _most_table(most, loud)]


@contextmanager
def stage(shards: int, options: Mapping[str, Mapping[str, str]] | None = None) -> Iterator[Stage]:
    """The emulator with so many shards, and the job on it, running.

    options: further settings by group.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(folders.fresh("benchmark", "benchmarks"))
        aws = stack.enter_context(emulator.running(folder / "emulator.log", module="benchmarks.stamped"))
        names = resources.default_names()
        resources.create(aws.environment, shards, resources.workshop(), names.of_tables())
        document = running.application_properties(aws.endpoint, names)
        for group in document:
            more = (options or {}).get(str(group["PropertyGroupId"]), {})
            group["PropertyMap"] = {**group["PropertyMap"], **more}  # type: ignore[dict-item]
        launch = running.Launch(folder, settings.write(folder, document), aws.environment)
        runner, job = running.start(launch, ["--parallelism", str(min(shards, 2))])
        stack.callback(processes.stop, runner)
        running.wait_until_running(job, runner)
        yield Stage(folder, aws, names, job, runner, int(time.time() - BEGIN_S) * 1000)


def _run(on: Stage, plan: Plan, shards: int, say: Say) -> tuple[list[Steady], Most]:
    on.steady(Traffic(plan.unicorns[0], plan.rate, plan.speed, plan.warm, on.next_ms))
    phases = []
    for unicorns in plan.unicorns:
        say(f"{many(shards, 'shard')}: {plan.rate:,.0f} records/s of {unicorns:,} unicorns for {plan.seconds:.0f} s")
        phases.append(on.steady(Traffic(unicorns, plan.rate, plan.speed, plan.seconds, on.next_ms)))
    say(f"{many(shards, 'shard')}: {plan.most:,} records as fast as the producer can")
    most = on.most(plan.most)
    say(f"{many(shards, 'shard')}: comparing rows and errors with the records")
    on.job.drain(STOP_LIMIT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        on.runner.wait(60)
    require_right(on.aws, on.names, [line for copy in on.sent for line in proof.read_lines(copy)])
    seen = Seen(on, stamps(on.folder / "emulator.log"), by_shard(stored(on.kinesis, on.names.raw)))
    steady = []
    for unicorns, phase in zip(plan.unicorns, phases, strict=True):
        times = seen.times(phase)
        steady.append(Steady(shards, shards - seen.speaking(times), unicorns, times, seen.rows(phase, times)))
    return steady, Most(shards, most.records, seen.times(most))


@dataclass(frozen=True)
class Seen:
    """What the emulator saw of a run: its stamps, and the records of the raw stream by shard."""

    on: Stage
    stamps: Stamps
    puts: Mapping[str, Sequence[Put]]

    def times(self, phase: Phase) -> Times:
        """When the records of a phase arrived and were read. Each phase begins when the job has read the last."""
        arrivals = sorted(put.arrival for puts in self.puts.values() for put in puts)
        first, last = arrivals[phase.first], arrivals[phase.first + phase.records - 1]
        stream = self.on.names.raw
        ends = {shard: sum(put.arrival <= last for put in puts) for shard, puts in self.puts.items()}
        read = max(self.stamps.read_at(stream, shard, end - 1) for shard, end in ends.items() if end)
        return Times(first, last, read, phase.usage.cores(first, read))

    def speaking(self, times: Times) -> int:
        """The number of shards that had a record in a phase."""
        return sum(any(times.first <= put.arrival <= times.last for put in puts) for puts in self.puts.values())

    def rows(self, phase: Phase, times: Times) -> dict[int, list[Latency]]:
        """The latencies of the rows of all windows that began, and were closed, in a phase."""
        known = {shard: [put for put in puts if put.arrival <= times.last] for shard, puts in self.puts.items()}
        known = {shard: puts for shard, puts in known.items() if puts}
        last_ms = max(put.at_ms for puts in known.values() for put in puts)
        ends = range(-(-phase.first_ms // WINDOW_MS) * WINDOW_MS + WINDOW_MS, last_ms, WINDOW_MS)
        names = self.on.names
        return latencies(names.table, closings(names.raw, known, ends, self.stamps), self.stamps)


PARTS = ("producer", "emulator", "job")


def _latency_table(plan: Plan, steady: Sequence[Steady], loud: Sequence[str]) -> Table:
    columns = ["shards", "of them silent", "unicorns", "windows", "rows", "p50, s", "p99, s"]
    columns += ["fetch p99, s", "job p99, s", "write p99, s", *(f"{part}, cores" for part in PARTS)]
    rows: list[list[Cell]] = [
        [
            one.shards,
            one.silent,
            one.unicorns,
            len(one.rows),
            sum(map(len, one.rows.values())),
            *(one.quantile(share) for share in (0.5, 0.99)),
            *(one.quantile(0.99, part) for part in ("fetch", "job", "write")),
            *(one.times.cores[part] for part in PARTS),
        ]
        for one in steady
    ]
    notes = [
        f"{plan.rate:,.0f} records a second; a minute of event time in {60 / plan.speed:.3g} s, so that windows close "
        f"often: {plan.rate / plan.speed * 60:,.0f} records a window, and as many rows when no unicorn comes twice. "
        "All rows were compared with the records.",
        "Beside a shard that is silent, since the key of no unicorn leads to it, windows close later by "
        "`scan.watermark.idle-timeout`, 10 s.",
        "Latency: from the arrival of the record that moves the watermark past the window's end, to the item in the "
        "table, both by the emulator's clock. Of it, fetch lasts until the job has been given that record, job until "
        "the emulator begins to write the item, write until it is there; each has a p99 of its own.",
        *loud,
    ]
    raw = {
        f"{one.shards} shards, {one.unicorns} unicorns": {
            str(end): [round(row.whole, 4) for row in rows] if len(rows) <= 100 else _summary(rows)
            for end, rows in one.rows.items()
        }
        for one in steady
    }
    bars = {
        f"{many(one.shards, 'shard')}, {one.unicorns:,} unicorns": Spread(
            *(one.quantile(share) for share in (0, 0.5, 0.99))
        )
        for one in steady
    }
    plot = Bars("seconds: the fastest row, the median, 99 of 100 rows", bars)
    title = "From the close of a window to its rows in DynamoDB"
    return Table(f"{NAME}_latency", title, columns, rows, notes, plot, raw)


def _summary(rows: Sequence[Latency]) -> dict[str, float]:
    whole = [row.whole for row in rows]
    return {"rows": len(rows), **{f"p{share * 100:.0f}": quantile(whole, share) for share in (0, 0.5, 0.99, 1)}}


def _most_table(most: Sequence[Most], loud: Sequence[str]) -> Table:
    columns = ["shards", "records", "records/s", *(f"{part}, cores" for part in PARTS), "limit"]
    rows: list[list[Cell]] = [
        [one.shards, one.records, one.rate, *(one.times.cores[part] for part in PARTS), limit(one.times.cores)]
        for one in most
    ]
    notes = [
        f"The producer sends readings of {MOST_UNICORNS} unicorns as fast as it can, until the job has read the last. "
        "All rows were compared with the records.",
        "A process of one thread (producer, emulator) is the limit when it keeps a core busy; the machine is when all "
        "together use its cores.",
        *loud,
    ]
    return Table(f"{NAME}_most", "The most records a second through the local AWS", columns, rows, notes)


def limit(used: Mapping[str, float]) -> str:
    """The part that limits the records a second: the busier of the processes with one thread, or the machine."""
    cores = os.cpu_count() or 1
    busiest = max(("producer", "emulator"), key=lambda part: used[part])
    if used[busiest] >= BUSY:
        return busiest
    return "the machine" if sum(used.values()) >= BUSY * cores else "none alone"
