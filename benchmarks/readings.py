"""Readings of the producer in a file, and their rows by DuckDB."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks import processes
from benchmarks.tables import Unequal
from program import environment
from program.formats import many
from program.processes import ROOT

FOLDER = ROOT / ".cache" / "benchmarks"
SQL = Path(__file__).parent / "sql"
SEED = 7
START = "2026-01-01 00:00:00"
SINKS = ("summary_stream", "sensor_data")
_TIME = "%Y-%m-%d %H:%M:%S.%f"
_NEVER = "9999"  # after the StatusTime of all rows
_SHOWN = 3  # differences in a message


def folder(count: int, unicorns: int = 100) -> Path:
    """A folder with a file of so many readings, the same bytes each time; it is made once and kept in .cache.

    Raises RunError if the producer fails.
    """
    made = FOLDER / f"readings-{count}-{unicorns}"
    if not made.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=FOLDER) as scratch:
            new = Path(scratch, "readings")
            new.mkdir()
            produced = ["--msgs", str(count), "--unicorns", str(unicorns), "--seed", str(SEED), "--start", START]
            command = [sys.executable, "-m", "producer", *produced, "--rate", "max", "--quiet"]
            processes.run(
                [*command, "--to", str(new / "readings.jsonl")],
                environment=environment.plain(),
                limit=300 + count / 2000,
            )
            new.rename(made)
    return made


class Expected:
    """The rows of a folder of readings by DuckDB: the sums exact, rounded half away from zero to metres."""

    def __init__(self, readings: Path) -> None:
        self._duckdb = duckdb.connect()
        self._duckdb.execute("SET TimeZone = 'UTC'")
        self._duckdb.execute(_sql("expected"), {"readings": str(readings / "*")})
        self._rows = self._duckdb.table("expected")
        self.count = int(self._rows.count("*").fetchall()[0][0])
        self._last = str(self._rows.max("StatusTime").fetchall()[0][0])

    def require(self, program: str, output: Path, *, last_is_open: bool = False) -> int:
        """Compare both sinks of a program's output; returns the number of equal rows of a sink. Raises Unequal.

        last_is_open: the program keeps windows open until a later record comes: the last two minutes are left out.
        """
        before_last = datetime.strptime(self._last, _TIME) - timedelta(minutes=1)  # noqa: DTZ007  (UTC, as the text is)
        still_open = f"{before_last:%Y-%m-%d %H:%M:%S}.000" if last_is_open else _NEVER
        for sink in SINKS:
            files = written(output / sink)
            if not files:
                raise Unequal(f"{program} wrote no rows into {sink}: {many(self.count, 'row')} were expected.")
            try:
                found = self._duckdb.execute(_sql("differences"), {"rows": files, "open": still_open}).fetchall()
            except duckdb.Error as error:
                reason = str(error).partition("\n")[0]
                raise Unequal(f"{program} wrote rows into {sink} that cannot be read as JSON: {reason}") from error
            if found:
                shown = "; ".join(" ".join(map(str, row)) for row in found[:_SHOWN])
                raise Unequal(f"{program} differs from DuckDB in {many(len(found), 'row')} of {sink}: {shown}.")
        return int(self._rows.filter(f"StatusTime < '{still_open}'").count("*").fetchall()[0][0])


def written(path: Path) -> Sequence[str]:
    """The file, or the files below the folder, without those that Flink and Spark hide."""
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return [str(one) for one in found if not one.name.startswith((".", "_"))]


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
