"""Any job on this machine: the records of a file go through Kinesis and Flink into rows, printed as they come."""

from __future__ import annotations

import json
import math
import shlex
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from connectors import dynamodb, kinesis, reference
from connectors import kind as ends
from consumer.records import Record as Stored
from consumer.shards import TRIM_HORIZON
from consumer.tail import GaveUp, Tail, stored
from deploy.account import Account
from flink import inputs
from kda.migration import origin
from kda.model import NotModelled
from kda.model import Record as Arrived
from local import emulator, proof, resources, running
from pipeline import binding, cases, settings
from pipeline.job import Job
from producer.kinesis import Kinesis
from producer.records import Kind, Record
from program import folders, processes
from program.errors import Unusable
from program.formats import listed, many
from program.processes import RunError
from program.waiting import Retry, wait_until

PROBLEMS = 20  # rows that differ and are printed
TOLERANCE = 1e-9  # relative, between equal numbers
SLICE = 0.1  # seconds between two calls that send
SHOWN = 5  # rows of a sink that are printed in a second; the rest is counted
WIDEST = 200  # characters of a printed row
DRAIN_LIMIT = 120.0  # seconds to close the last windows
END_LIMIT = 60.0  # seconds for the job to end after that, and for its rows to arrive
REST = 2.0  # seconds without a further row, after which all rows are there


@dataclass(frozen=True)
class Options:
    """The options of a replay.

    given: the values of --input. rate: records a second. shards, parallelism: numbers. port, web_port: of the AWS
    endpoint and Flink's web UI, 0 for a free port.
    """

    job: Job
    given: Sequence[str]
    rate: float
    shards: int
    parallelism: int
    port: int
    web_port: int


def lines(table: str, path: Path) -> list[bytes]:
    """The records of a stream. Raises RunError for a path that cannot be read or has none."""
    try:
        found = [line for line in inputs.content(path).splitlines(keepends=True) if line.strip()]
    except OSError as error:
        raise RunError(f"The records of {table} cannot be read from {path} ({error.strerror}).") from error
    if not found:
        raise RunError(f"There is no record in {path}: each line that is not empty is a record.")
    return found


@dataclass(frozen=True)
class Ground:
    """The emulator as an account, and the settings of the job there, by its tables."""

    job: Job
    account: Account
    groups: Mapping[str, Mapping[str, str]]

    def stored(self, table: str) -> list[Stored]:
        """All records of a stream, by the table's name."""
        return list(stored(self.account.client("kinesis"), self.groups[table]["stream"]))

    @property
    def streams(self) -> list[str]:
        """The sinks that are streams."""
        return _of_kind(self.job, self.job.sinks, kinesis.KIND)

    @property
    def tables(self) -> list[str]:
        """The sinks that are tables of DynamoDB."""
        return _of_kind(self.job, self.job.sinks, dynamodb.KIND)


def _of_kind(job: Job, tables: Sequence[str], kind: ends.Kind) -> list[str]:
    """Those of a job's tables that have this kind of connector."""
    return [table for table in tables if job.tables[table].connector == kind.name]


def run(options: Options) -> int:
    """Replay the records; returns 0 when the job has read all of them, and its rows are right.

    Raises RunError, and ConnectorError for a job with a function of Lambda.

    Whether they are right is known of a job that `kda migrate` wrote: a model of KDA computes them again.
    """
    job = options.job
    binding.require_no_lambda(job, {table: job.tables[table].settings for table in job.sources})
    read = inputs.read(job, options.given)
    records = {table: lines(table, read[table]) for table in _of_kind(job, job.sources, kinesis.KIND)}
    objects = {table: read[table] for table in _of_kind(job, job.sources, reference.KIND)}
    if not records:
        raise RunError(f"The job {job.name} reads no stream: there is nothing to send records to.")
    total, started = sum(map(len, records.values())), time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)

    with ExitStack() as stack:
        stop = stack.enter_context(processes.signals())
        processes.require_free(options.web_port, "--web-port")
        folder = stack.enter_context(folders.fresh("replay", "local replay"))
        say("starting the AWS emulator")
        aws = stack.enter_context(emulator.running(folder / "emulator.log", options.port))
        resources.create(aws.environment, options.shards, job, objects=objects)
        document = settings.document_of(job, {"aws": {"region": emulator.REGION, "endpoint": aws.endpoint}})
        ground = Ground(job, resources.account(aws.environment), settings.parse(document, job).groups)
        say("starting Flink and the job")
        command = (sys.executable, "-m", "jobs", "run", job.argument)
        launch = running.Launch(folder, settings.write(folder, document), aws.environment, command=command)
        flags = ["--parallelism", str(options.parallelism), "--port", str(options.web_port), "--brief"]
        runner, submitted = running.start(launch, flags, stop)
        stack.callback(processes.stop, runner)
        running.wait_until_running(submitted, runner, stop)
        say(f"job running, its web UI is {submitted.address}; sending {total:,} records")
        access = running.write_access(folder, aws)
        say(f"in another terminal: {access}; python -m jobs watch {shlex.quote(job.argument)}")
        rows = stack.enter_context(Rows(ground))

        def tick() -> None:
            if runner.poll() is not None:
                raise RunError(f"The job ended ({processes.last_line(folder / 'job.log')}).")
            rows.print_some()

        send(ground, records, options.rate, stop, tick)
        say("all records are sent; the job reads the rest")
        running.wait_until_read(submitted, total, tick)
        say("closing the last windows")
        submitted.drain(DRAIN_LIMIT)
        if not wait_until(lambda: runner.poll() is not None, END_LIMIT):
            raise RunError(f"The job did not end within {END_LIMIT:.0f} s.")
        wait_until(rows.has_settled, END_LIMIT, 0.1)
        rows.print_waiting()
        came = {sink: [json.loads(record.data) for record in ground.stored(sink)] for sink in ground.streams}
        report(ground, total, came)
        return prove(ground, came, objects) if origin.is_migrated(job.folder) else 0


def send(
    ground: Ground,
    records: Mapping[str, Sequence[bytes]],
    rate: float,
    stop: threading.Event,
    tick: Callable[[], None],
) -> None:
    """Send the records of all streams side by side, `rate` a second in all. Raises RunError if `stop` is set."""

    def pause(seconds: float, _refused: int = 0, _reason: str = "") -> None:
        if stop.wait(seconds):
            raise RunError("Stopped before all records were sent.")

    client = ground.account.client("kinesis")
    sinks = {
        table: Kinesis(client, ground.account, ground.groups[table]["stream"], Retry(), pause) for table in records
    }
    turns = _turns(records)
    began, sent = time.monotonic(), 0
    while sent < len(turns):
        due = min(len(turns), int((time.monotonic() - began) * rate) + 1)
        for table, sink in sinks.items():
            batch = [
                Record(str(number), turns[number][1], Kind.OK, False, 0, 0)  # spread over the shards
                for number in range(sent, due)
                if turns[number][0] == table
            ]
            for _accepted in sink.put(batch):
                pass
        sent = max(sent, due)
        tick()
        pause(SLICE)


def _turns(records: Mapping[str, Sequence[bytes]]) -> list[tuple[str, bytes]]:
    """The records of all streams, each with its table: evenly mixed, so that all streams end together."""
    turns = [
        (number / len(lines), table, line) for table, lines in records.items() for number, line in enumerate(lines)
    ]
    return [(table, line) for _place, table, line in sorted(turns, key=lambda turn: turn[0])]


class Rows:
    """The rows on the streams of the sinks: threads read them until the end, `print_some` prints them."""

    def __init__(self, ground: Ground) -> None:
        self._waiting: dict[str, list[bytes]] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._came = self._printed = time.monotonic()
        self._threads = [
            threading.Thread(target=self._follow, args=(ground, sink), daemon=True) for sink in ground.streams
        ]

    def __enter__(self) -> Rows:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _follow(self, ground: Ground, sink: str) -> None:
        stream = ground.groups[sink]["stream"]
        with suppress(GaveUp, ClientError, BotoCoreError):  # the report reads the streams again
            for batch in Tail(ground.account.client("kinesis"), stream, TRIM_HORIZON).batches():
                if batch.records:
                    with self._lock:
                        self._waiting.setdefault(sink, []).extend(record.data for record in batch.records)
                        self._came = time.monotonic()
                if self._stop.is_set():
                    return

    def has_settled(self) -> bool:
        """Whether no row has come for a while."""
        return time.monotonic() - self._came > REST

    def print_some(self) -> None:
        """Print what has come, at most once a second."""
        if time.monotonic() - self._printed >= 1:
            self.print_waiting()

    def print_waiting(self) -> None:
        """Print a few of the rows that have come for each sink, and how many more there are."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        self._printed = time.monotonic()
        for sink, rows in waiting.items():
            for row in rows[:SHOWN]:
                text = row.decode(errors="replace").rstrip()
                print(f"         {sink}  {text if len(text) <= WIDEST else text[:WIDEST] + '...'}")
            if len(rows) > SHOWN:
                print(f"         {sink}  and {many(len(rows) - SHOWN, 'more row')}")
        sys.stdout.flush()


Came = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows on the stream of each sink that is one."""


def report(ground: Ground, total: int, came: Came) -> None:
    """Print how many rows are on each stream and in each table, and how many errors there are."""
    print(f"The job {ground.job.name} read all of the {total:,} records.")
    client = ground.account.client("dynamodb")
    counts = {sink: f"{many(len(rows), 'row')} on" for sink, rows in came.items()}
    counts |= {
        sink: f"{many(len(proof.items(client, ground.groups[sink]['table'])), 'item')} in" for sink in ground.tables
    }
    for sink, count in counts.items():
        kind = ground.job.far_end(sink)
        print(f"{sink}: {count} {kind} {ground.groups[sink][kind]}.")
        if cases.ERROR in ground.job.columns(sink):
            errors = Counter(str(row[cases.ERROR]) for row in came.get(sink, ()))
            print("".join(f"  {name}: {number:,}\n" for name, number in sorted(errors.items())), end="")


def prove(ground: Ground, came: Came, objects: Mapping[str, Path]) -> int:
    """Compare the rows of a migrated job with those of the model of KDA; returns 1 if they differ, else 0.

    objects: the contents of the reference tables.
    """
    job = ground.job
    source = _of_kind(job, job.sources, kinesis.KIND)[0]
    found = sorted(ground.stored(source), key=lambda record: record.arrival)
    records = [Arrived(record.data, _milliseconds(record.arrival), record.shard) for record in found]
    files = {table: inputs.content(path) for table, path in objects.items()}
    try:
        expected = origin.expected(job.folder, records, files)
    except (NotModelled, Unusable) as error:
        print(f"The rows were not computed again: {error}")
        return 0
    problems = []
    for sink, wanted in expected.items():
        if sink not in came:
            print(f"The rows of {sink} were not compared: it is no stream.")
            continue
        if cases.ERROR in job.columns(sink):
            lines = differences(_counted(wanted), _counted(came[sink]))
        else:
            lines = differences(wanted, came[sink])
        problems += [f"{sink}: {line}" for line in lines]
    for problem in problems[:PROBLEMS]:
        print(f"WRONG: {problem}")
    if problems:
        print(f"{many(len(problems), 'row')} differ from those of the model of KDA.")
        return 1
    if missing := [sink for sink in came if sink not in expected]:
        print(f"The rows of {listed(missing)} were not computed again: only Flink has the functions that make them.")
    if not expected:
        return 0
    count = many(sum(len(rows) for sink, rows in expected.items() if cases.ERROR not in job.columns(sink)), "row")
    errors = " and the errors" if any(cases.ERROR in job.columns(sink) for sink in expected) else ""
    print(f"All {count}{errors} are those that a model of KDA makes of the same records, without Flink.")
    return 0


def _counted(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many errors of each name there are."""
    counts = Counter(str(row[cases.ERROR]) for row in errors)
    return [{cases.ERROR: name, "rows": count} for name, count in counts.items()]


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def differences(expected: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each row that is missing or extra; numbers may differ by a billionth, as sums of doubles do."""
    groups: dict[str, tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]] = {}
    for side, rows in enumerate((expected, actual)):
        for row in rows:
            exact = {name: value for name, value in row.items() if not isinstance(value, float | int)}
            groups.setdefault(json.dumps(exact, sort_keys=True, default=str), ([], []))[side].append(row)
    lines = []
    for wanted, came in groups.values():
        left = sorted(came, key=_numbers)
        for row in sorted(wanted, key=_numbers):
            same = next((one for one in left if _is_same(row, one)), None)
            if same is None:
                lines.append(f"missing {json.dumps(row, default=str)}")
            else:
                left.remove(same)
        lines += [f"unexpected {json.dumps(row, default=str)}" for row in left]
    return lines


def _numbers(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [(name, float(value)) for name, value in sorted(row.items()) if isinstance(value, float | int)]


def _is_same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    pairs = [(left.get(name), right.get(name)) for name in left.keys() | right.keys()]
    return all(
        math.isclose(one, other, rel_tol=TOLERANCE)
        if isinstance(one, float | int) and isinstance(other, float | int)
        else one == other
        for one, other in pairs
    )
