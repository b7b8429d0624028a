"""Runs queries over files in this process's Flink, one slot, one after the other, and writes what each one used.

    python -m benchmarks.one_slot FOLDER

FOLDER/runs.json lists the runs: `name` of a file in benchmarks/queries, `readings` and `prices`, files of JSON lines,
and `rows`, a folder for the result as JSON lines, or null to drop it. FOLDER/used.json gets CPU and wall seconds of
each run, of this process and its JVM.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks import shares
from flink import distribution, trial
from java import FUNCTIONS
from pipeline import job, statements
from program import environment

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment

QUERIES = Path(__file__).parent / "queries"
READINGS = {"id": "BIGINT", "name": "STRING", "amount": "BIGINT", "x": "DOUBLE", "y": "DOUBLE", "t": "TIMESTAMP(3)"}
VIEWS = ("newest", "points")
PRICES = {"name": "STRING", "price": "BIGINT", "t": "TIMESTAMP(3)"}


def query(name: str) -> str:
    """The text of a file in benchmarks/queries."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def main(folder: Path) -> None:
    """Run what FOLDER/runs.json lists."""
    distribution.use(distribution.jvm(folder / "log", emulated=True, brief=False), environment.plain())
    runs: list[dict[str, Any]] = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    used = [_run(**run) for run in runs]
    (folder / "used.json").write_text(json.dumps(used), encoding="utf-8")


def _run(name: str, readings: str, prices: str, rows: str | None) -> dict[str, float]:
    from pyflink.table import TableDescriptor  # noqa: PLC0415  (PyFlink needs a JVM, and seconds)

    tables = statements.environment({**trial.CONFIGURATION, **job.CONFIGURATION})
    for function, class_name in FUNCTIONS.items():
        tables.create_java_temporary_function(function, class_name)
    _source(tables, "readings", READINGS, Path(readings))
    _source(tables, "prices", PRICES, Path(prices))
    for view in VIEWS:
        tables.create_temporary_view(view, tables.sql_query(query(view)))
    sink = TableDescriptor.for_connector("blackhole")
    if rows is not None:
        sink = TableDescriptor.for_connector("filesystem").format("json").option("path", Path(rows).as_uri())
    result = tables.sql_query(query(name))
    me = psutil.Process()  # and its JVM
    began, before = time.monotonic(), shares.used(me)
    result.execute_insert(sink.build()).wait()
    return {"cpu_s": shares.used(me) - before, "wall_s": time.monotonic() - began}


def _source(tables: TableEnvironment, name: str, columns: dict[str, str], path: Path) -> None:
    from pyflink.table import Schema, TableDescriptor  # noqa: PLC0415

    schema = Schema.new_builder()
    for column, kind in columns.items():
        schema = schema.column(column, kind)
    schema = schema.watermark("t", "t")
    source = TableDescriptor.for_connector("filesystem").format("json").option("path", path.as_uri())
    tables.create_temporary_table(name, source.schema(schema.build()).build())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
