"""A job on Flink, from a file to files: the shipped job, or the same summary by Flink's own format `json`.

    python -m benchmarks.contenders.flink_job shipped|plain INPUT OUTPUT

Both have the JVM and the configuration of `python -m jobs run`, one slot, no checkpoints; the rows go into files as
`jobs run --input` writes them, and no row passes through Python.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from connectors import files
from connectors.connector import Connector
from flink import defaults, distribution
from pipeline import statements
from pipeline.job import Job, load
from program import environment

CONFIGURATION: Mapping[str, str] = {
    **defaults.loopback(0),
    "parallelism.default": "1",
    "restart-strategy.type": "none",
    "taskmanager.memory.network.min": "128m",
    "taskmanager.memory.network.max": "128m",
}
SQL = Path(__file__).parent.parent / "sql"


def plain(job: Job) -> Job:
    """The job without its checks: the same sinks, readings by the format `json`, no errors."""
    texts = {name: (SQL / f"plain_{name}.sql").read_text(encoding="utf-8") for name in ("readings", "summary")}
    sinks = {sink: view for sink, view in job.inserts.items() if view == "summary"}
    texts |= {sink: job.texts[sink] for sink in sinks}
    return replace(job, name="plain", sinks=tuple(sinks), views=("summary",), inserts=sinks, texts=texts)


def source(kind: str, folder: Path) -> Connector:
    """The lines of the folder's files."""
    if kind == "shipped":
        return files.source(folder)
    options = {"connector": "filesystem", "path": files.uri(folder), "format": "json"}
    return Connector({**options, "json.ignore-parse-errors": "true"})


def main(kind: str, folder: Path, output: Path) -> None:
    """Run the job to the end of the input."""
    distribution.use(distribution.jvm(output / "log"), environment.plain())
    job = load("unicorn_summary")
    job = job if kind == "shipped" else plain(job)
    tables = statements.environment(CONFIGURATION)
    sinks = {sink: files.sink(output / sink) for sink in job.sinks}
    statements.declare(tables, job, {"readings": source(kind, folder), **sinks})
    statements.inserts(tables, job).execute().wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
