"""What a record costs the producer: to a file, to a Kinesis that answers at once, to the emulator.

All records are compared with the records of the producer's own modules, byte for byte. The emulator's own CPU time is
its limit: it has one thread.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import psutil

from benchmarks import Size, processes
from benchmarks.accepting import accepting
from benchmarks.figures import Spread, slopes
from benchmarks.processes import Used
from benchmarks.shares import used as used_by
from benchmarks.tables import Cell, Table, Unequal
from benchmarks.turns import take_turns
from consumer.tail import stored
from local import emulator, resources
from producer.flight import herd, names, readings
from producer.records import Faults, records, status_time
from program import environment
from program.output import Say

NAME = "producer"

Pair = tuple[list[float], list[float]]  # of a figure in each round, at the small and at the large size

UNICORNS, SEED, START_MS = 100, 1, 1_767_225_600_000
SIZES = {Size.FULL: ((100_000, 600_000), (10_000, 50_000), 5), Size.QUICK: ((1000, 3000), (1000, 3000), 1)}
SHARDS = 4
LIMIT = 300.0  # seconds for a run

FILE, AT_ONCE, EMULATOR = "to a file", "to a Kinesis that answers at once", "to a fresh emulator"
EMULATORS = "the emulator itself"


def measure(size: Size, say: Say) -> list[Table]:
    """CPU and wall time of a further record."""
    large, small, rounds = SIZES[size]  # the emulator slows down as it fills
    runs = {FILE: (_to_file, large), AT_ONCE: (_at_once, large), EMULATOR: (_to_emulator, small)}
    contenders: dict[str, Callable[[], tuple[Used, float]]] = {
        f"{name} {count}": partial(run, count) for name, (run, counts) in runs.items() for count in counts
    }
    say(f"{len(contenders)} runs a round, {rounds} rounds")
    turns = take_turns(contenders, rounds)
    rows: list[Sequence[Cell]] = []
    raw: dict[str, dict[str, list[float]]] = {}

    def row(name: str, counts: tuple[int, int], cpu: Pair, wall: Pair | None = None) -> None:
        micros = [1e6 * value for value in slopes(cpu[0], cpu[1], counts)]
        walls = slopes(wall[0], wall[1], counts) if wall else []
        rates = [1 / value for value in walls if value > 0]  # with small sizes all may be noise
        if size is Size.QUICK:  # the difference of such sizes is noise
            rows.append((name, None, None))
        else:
            rows.append((name, Spread.of(micros), Spread.of(rates) if rates else None))
        raw[name] = {"cpu_us": micros, "wall_us": [1e6 * value for value in walls]}

    for name, (_, counts) in runs.items():
        few, many = (turns[f"{name} {count}"] for count in counts)
        cpu = [one.cpu_s for one, _ in few], [one.cpu_s for one, _ in many]
        row(name, counts, cpu, ([one.wall_s for one, _ in few], [one.wall_s for one, _ in many]))
    few, many = (turns[f"{EMULATOR} {count}"] for count in small)
    row(EMULATORS, small, ([cpu_s for _, cpu_s in few], [cpu_s for _, cpu_s in many]))
    notes = [
        f"{UNICORNS} unicorns, no faults; slope between {large[0]:,} and {large[1]:,} records, for the emulator "
        f"between {small[0]:,} and {small[1]:,}; rounds in turn: {rounds}.",
        "The producer waits for each answer before the next call: the order of records is kept, across keys too.",
        *(turns.notes if size is Size.FULL else ()),
    ]
    columns = ("records of the producer", "CPU µs a record", "records a second")
    return [Table(NAME, "What a record costs the producer", columns, rows, notes, raw=raw)]


def _made(count: int) -> Iterator[bytes]:
    made = readings(herd(names("Shadowfax", UNICORNS), SEED), SEED, START_MS)
    return (record.data for record in records(islice(made, count), Faults(), SEED))


def _run(count: int, *flags: str, aws: dict[str, str] | None = None) -> Used:
    words = ["--unicorns", UNICORNS, "--seed", SEED, "--start", status_time(START_MS), "--msgs", count]
    command = [sys.executable, "-m", "producer", *map(str, words), "--rate", "max", "--quiet", *flags]
    return processes.run(command, environment=environment.plain() | (aws or {}), limit=LIMIT)


def _require(name: str, found: Iterable[bytes], count: int, *, ordered: bool = True) -> None:
    is_equal = list(found) == list(_made(count)) if ordered else Counter(found) == Counter(_made(count))
    if not is_equal:
        raise Unequal(f"The producer sent other records {name} than its seed gives: look at producer.records.")


def _to_file(count: int) -> tuple[Used, float]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder, "records")
        used = _run(count, "--to", str(path))
        _require(FILE, path.read_bytes().splitlines(keepends=True), count)
    return used, 0.0


def _at_once(count: int) -> tuple[Used, float]:
    with accepting() as server:
        aws = emulator.environment(server.endpoint, emulator.Keys.drawn())
        used = _run(count, aws=aws)
        _require(AT_ONCE, server.records(), count)
    return used, 0.0


def _to_emulator(count: int) -> tuple[Used, float]:
    """What the producer used, and the emulator's CPU seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        emulator.running(Path(folder, "log")) as aws,
    ):
        kinesis, _ = resources.clients(aws.environment)
        kinesis.create_stream(StreamName="wildrydes", ShardCount=SHARDS)
        server = psutil.Process(aws.process.pid)
        before = used_by(server)
        used = _run(count, aws=aws.environment)
        computed = used_by(server) - before
        found = (record.data for record in stored(kinesis, "wildrydes"))
        _require(EMULATOR, found, count, ordered=False)
    return used, computed
