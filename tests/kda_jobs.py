"""Translated applications as jobs over files, several of them in one Flink job."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors import files
from flink import trial
from kda.applications import Application, Column, Input, Output, Reference
from kda.places import Code, File
from kda.rule import Subject
from kda.translation import Options, Translation, translated
from pipeline import binding, cases, statements
from pipeline.cases import Record
from pipeline.job import Job, load

DAY = "2026-11-22 "
SHARD = "shardId-000000000000"
COLUMNS = "ticker VARCHAR(4), price DOUBLE, quantity INTEGER, at TIMESTAMP"


def columns(text: str = COLUMNS) -> tuple[Column, ...]:
    """The columns of a schema, each with the path of its name in lower case; an unquoted name is in upper case."""
    found = []
    for part in text.split(", "):
        name, _, kind = part.partition(" ")
        own = name.strip('"')
        found.append(Column(own if own != name else name.upper(), kind, f"$.{own}"))
    return tuple(found)


def input_(prefix: str = "IN", text: str = COLUMNS, parallelism: int = 1, row_path: str = "$") -> Input:
    """An input in JSON."""
    return Input(prefix, columns(text), "arn:in", "kinesis", parallelism, "", "JSON", row_path, 0)


def reference(table: str, text: str) -> Reference:
    """A reference table in JSON."""
    return Reference(table, columns(text), "bucket", "key", 0)


@dataclass(frozen=True)
class App:
    """An application, and what it reads: records by the input's prefix or the reference table's name."""

    sql: str
    given: Mapping[str, Sequence[Record]]
    inputs: Sequence[Input] = field(default_factory=lambda: (input_(),))
    outputs: Sequence[Output] = ()
    references: Sequence[Reference] = ()
    options: Options = field(default_factory=Options)

    def application(self) -> Application:
        """As check and the model of KDA take it."""
        code = Code.whole(File("application.sql", self.sql))
        return Application(
            "A", code, tuple(self.inputs), tuple(self.outputs), tuple(self.references), is_configured=True
        )

    def translated(self) -> Translation:
        """Its translation."""
        return translated(Subject.of(self.application()), self.options)


def at(time: str, shard: str = SHARD, **values: Any) -> Record:
    """A record in JSON that arrives at a time of one day."""
    return Record(json.dumps(values).encode(), shard, DAY + time + ("" if "." in time else ".000"))


def written(translation: Translation, folder: Path) -> Job:
    """The job of a translation, in a new folder of this name; each table is a Kinesis stream of its own name."""
    for kind, texts in (("tables", translation.tables), ("views", translation.views)):
        (folder / kind).mkdir(parents=True)
        for name, text in texts.items():
            (folder / kind / f"{name}.sql").write_text(text, encoding="utf-8")
    inserts = {**translation.inserts, "error_stream": "errors"}
    lines = ["[insert]", *(f'{table} = "{view}"' for table, view in inserts.items())]
    for table in (*translation.sources, *inserts):
        lines += [f"[table.{table}]", 'connector = "kinesis"', f'stream = "{table}"']
    (folder / "job.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load(folder)


def run(apps: Sequence[App], folder: Path) -> list[dict[str, list[dict[str, Any]]]]:
    """The rows of each sink of each application, run in one Flink job to the end of their records. Needs a JVM."""
    environment = statements.environment(trial.CONFIGURATION)
    together = environment.create_statement_set()
    for number, app in enumerate(apps):
        place = folder / f"app_{number}"
        translation = app.translated()
        job = written(translation, place / "job")
        connectors = binding.sinks_in(place / "out", job)
        for source in job.sources:
            path = place / f"{source}.jsonl"
            read = translation.sources[source]
            records = app.given.get(read.prefix if isinstance(read, Input) else read.table, ())
            path.write_text("".join(_lines(records)), encoding="utf-8")
            connectors[source] = files.records(path)
        environment.execute_sql(f"CREATE DATABASE app_{number}")
        environment.use_database(f"app_{number}")
        statements.declare(environment, cases.apart(job, f"app_{number}"), connectors)
        for statement in statements.insertions(job):
            together.add_insert_sql(statement)
    together.execute().wait()
    return [_rows(folder / f"app_{number}" / "out") for number in range(len(apps))]


def _rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {path.name: cases.rows(path) for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def _lines(records: Sequence[Record]) -> list[str]:
    found = []
    for number, record in enumerate(records, 1):
        origin = {"shard": record.shard, "sequence_number": str(number), "arrival": record.arrival, "part": None}
        found.append(json.dumps({"line": base64.b64encode(record.data).decode(), **origin}) + "\n")
    return found
