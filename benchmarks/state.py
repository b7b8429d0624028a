"""State and recovery: checkpoints by number of keys, on the heap and in RocksDB, and the time to recover from them.

The shipped job over files, in which each unicorn has a reading of the same minute. At the end of the file its window is
open, with a sum and four extremes for each unicorn as state.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks import Size
from benchmarks.figures import Spread
from benchmarks.plots import Lines
from benchmarks.processes import run
from benchmarks.snapshots import Found, Spec, records_of, rows_of
from benchmarks.tables import Cell, Table, Unequal
from benchmarks.traffic import Traffic, records
from benchmarks.turns import Load
from local import oracle
from program import environment, folders
from program.output import Say

NAME = "state"
START_MS = 1_767_225_600_000  # 2026-01-01 00:00:00
SPREAD_S = 30  # in which the readings are, of a minute
LIMIT = 1200.0  # seconds for the child process
COMPARED = 100_000  # rows that are computed again; of more rows the first
BACKENDS = {"hashmap": "heap", "rocksdb": "RocksDB"}


@dataclass(frozen=True)
class Plan:
    """What is measured: numbers of keys, checkpoints of each, and runs that warm the JVM up before."""

    keys: tuple[int, ...]
    checkpoints: int
    warm: int


PLANS = {Size.FULL: Plan((10, 1_000, 100_000, 1_000_000), 3, 2), Size.QUICK: Plan((100,), 1, 0)}


def measure(size: Size, say: Say) -> list[Table]:
    """Measure, and compare the rows after a recovery with the records. Raises Unequal, RunError."""
    plan, load = PLANS[size], Load()
    with folders.fresh("benchmark", "benchmarks") as folder:
        for keys in plan.keys:
            say(f"writing {keys:,} records")
            write(records_of(folder, keys), keys)
        say(f"checkpoints and recoveries with {', '.join(f'{keys:,}' for keys in plan.keys)} keys")
        log = folder / "snapshots.log"
        spec = Spec(str(folder), list(BACKENDS), list(plan.keys), plan.checkpoints, plan.warm)
        run(spec.command(), environment=environment.plain(), limit=LIMIT, log=log)
        found, notes = _measured(log), load.note()
        say("comparing the rows after each recovery")
        for keys in plan.keys:
            for backend in BACKENDS:
                compare(records_of(folder, keys), rows_of(folder, backend, keys), keys)
        for large in (path for path in folder.iterdir() if path.is_dir() and path.name != "log"):
            shutil.rmtree(large)
    return [_table(found, notes)]


def write(folder: Path, keys: int) -> None:
    """Write a file with a reading of each of so many unicorns."""
    folder.mkdir()
    traffic = Traffic(keys, keys / SPREAD_S, 1.0, SPREAD_S, START_MS)
    with Path(folder, "readings.jsonl").open("wb") as file:
        file.writelines(record.data for record in records(traffic))


def _measured(log: Path) -> list[Found]:
    """The figures in the child's output."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith('{"')]
    return [Found(**json.loads(line)) for line in lines]


def compare(read: Path, written: Path, keys: int) -> None:
    """Raise Unequal unless there is a row for each key, and the first rows are those of the records."""
    with Path(read, "readings.jsonl").open("rb") as lines:
        expected = oracle.rows(islice(lines, COMPARED))
    found: dict[oracle.Key, object] = {}
    count = 0
    for file in sorted(path for path in Path(written, "summary_stream").iterdir() if not path.name.startswith("_")):
        with file.open("rb") as rows:
            for line in rows:
                count += 1
                row = json.loads(line)
                if (key := (row["Name"], row["StatusTime"])) in expected:
                    found[key] = row
    if count != keys or found != expected:
        raise Unequal(f"Of {keys:,} rows there are {count:,}; {len(found):,} of {len(expected):,} were compared.")


def _table(found: Sequence[Found], loud: Sequence[str]) -> Table:
    columns = ["state", "keys", "checkpoint, MB", "bytes a key", "checkpoint, s", "start, s", "from it, s"]
    rows: list[list[Cell]] = [
        [
            BACKENDS[one.backend],
            one.keys,
            Spread.of(size / 1e6 for size in one.sizes),
            max(one.sizes) / one.keys if one.keys >= 1_000 else None,
            Spread.of(one.times),
            one.fresh,
            one.restored,
        ]
        for one in found
    ]
    notes = [
        "The shipped job over a file, one subtask, a warm JVM; each key has a reading in a window that is open. Full "
        "checkpoints on the local disk, one after the other. The first of them is the longest: it waits for the rows "
        "that are on their way, and for those that the local aggregation holds.",
        "Start: from the submission to all tasks running, without state; from it: the same from the last checkpoint, "
        "with its state restored.",
        f"After each recovery the windows were closed: a row for each key, and the first {COMPARED:,} equal to those "
        "computed from the records without Flink.",
        *loud,
    ]
    raw = {f"{one.backend} {one.keys}": vars(one) for one in found}
    sizes = {
        name: [(one.keys, max(one.sizes) / 1e6) for one in found if one.backend == backend]
        for backend, name in BACKENDS.items()
    }
    plot = Lines("keys", "MB", sizes, by_tens=("x", "y"))
    return Table(NAME, "Checkpoints of the job by number of keys", columns, rows, notes, plot, raw)
