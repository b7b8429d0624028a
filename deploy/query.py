"""SQL over the archived raw readings: in Athena, or on this machine in DuckDB over the same S3 objects.

Both have the same table, `wildrydes`: the columns of a reading, and `datehour`, the hour of arrival in UTC. A filter on
`datehour` narrows a query. A malformed record is a row of NULLs. A value of the wrong type is NULL.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from aws import s3
from aws.failures import one_line
from consumer.printing import printable
from deploy import retained, template
from deploy.account import Account, DeployError, Wait
from deploy.template import Template
from program.errors import hint
from program.formats import NULL, many, quoted, size
from program.output import Say

LIMIT = 1800.0  # seconds for a query; Athena itself stops a query after 30 minutes
_HOUR = re.compile(r"\d{4}/\d\d/\d\d/\d\d/")
# The keys of a reading in its JSON. Athena ignores case, and its columns are lower case.
KEYS = ("Name", "StatusTime", "Latitude", "Longitude", "Distance", "HealthPoints", "MagicPoints")
_TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "float": "FLOAT", "int": "INTEGER"}  # Hive's -> DuckDB's


@dataclass(frozen=True)
class Result:
    """The columns and rows of a query. A value is text, or None for NULL."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]

    def table(self) -> str:
        """For people: aligned columns, without a terminal's control characters."""
        cells = [[*self.columns], *([_cell(value) for value in row] for row in self.rows)]
        wide = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in cells]
        count = f"({many(len(self.rows), 'row')})"
        return "\n".join([lines[0], "  ".join("-" * width for width in wide), *lines[1:], count]) + "\n"

    def csv(self) -> str:
        """For programs: RFC 4180 with a heading; NULL is empty."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()


def _cell(value: str | None) -> str:
    """A value in the table."""
    return NULL if value is None else printable(quoted(value))


def listed() -> list[str]:
    """The named queries and the columns, for people."""
    lines = ["The queries by name, for `python -m deploy query JOB NAME`:"]
    for one in template.queries().values():
        lines += [f"  {one.name:<12}{one.description}", f"              {one.sql}"]
    columns = ", ".join(f"{name} {kind}" for name, kind in template.archive_columns().items())
    return [*lines, f"The columns of {template.archive_table()}: {columns}, datehour string (yyyy/MM/dd/HH, UTC)"]


def run(account: Account, known: Template, values: Mapping[str, str], sql: str, say: Say) -> Result:
    """Run a query, by its SQL or its name, over the archive of a stack with these parameters. Raises DeployError."""
    if "ArchiveTable" not in known.document["Resources"]:
        raise DeployError(f"The job {known.job.name} has no table over its archive; {template.WORKSHOP} has one.")
    text = template.queries()[sql].sql if sql in template.queries() else sql
    if not text.strip() or " " not in text.strip():
        raise DeployError(f"{sql!r} is neither SQL nor a named query{hint(sql, template.queries())}.")
    if account.is_emulated:
        return here(account, retained.archive(account, known, values), text, say)
    return in_athena(account, known.value("Database", values), text, say)


def in_athena(account: Account, database: str, sql: str, say: Say) -> Result:
    """Run a query in Athena. The work group has the database's name. Raises DeployError."""
    athena = account.client("athena")
    with account.sentences():
        id_ = athena.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=database
        )["QueryExecutionId"]
    wait = Wait("The query", LIMIT, "narrow it by datehour", say)
    state = "QUEUED"

    def executed() -> Any:
        nonlocal state
        with account.sentences():
            execution = athena.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
        state = execution["Status"]["State"]
        if state in ("FAILED", "CANCELLED"):
            reason = execution["Status"].get("StateChangeReason", "no reason given")
            raise DeployError(f"Athena {state.lower()} the query: {one_line(reason)}.")
        return execution if state == "SUCCEEDED" else None

    try:
        execution = wait.until(executed)
    except (KeyboardInterrupt, DeployError):
        if state in ("QUEUED", "RUNNING"):  # else the query goes on, and costs
            with contextlib.suppress(DeployError), account.sentences():
                athena.stop_query_execution(QueryExecutionId=id_)
        raise
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    say(f"Athena read {size(scanned)}.")
    with account.sentences():
        return _athena_result(athena.get_paginator("get_query_results").paginate(QueryExecutionId=id_))


def _athena_result(pages: Any) -> Result:
    columns: list[str] = []
    rows: list[list[str | None]] = []
    for page in pages:
        columns = columns or [one["Name"] for one in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    if rows and rows[0] == columns:  # the first row of a SELECT is the heading
        rows = rows[1:]
    return Result(columns, rows)


def here(account: Account, bucket: str, sql: str, say: Say) -> Result:
    """Run a query in DuckDB over the objects of the archive. Raises DeployError."""
    with tempfile.TemporaryDirectory(prefix="archive-") as scratch:
        return over(download(account, bucket, Path(scratch), say), sql)


def over(files: Mapping[str, Path], sql: str) -> Result:
    """Run a query over the files of `download`. Raises DeployError."""
    import duckdb  # noqa: PLC0415  (slow, and needed only here)

    with duckdb.connect() as connection:
        try:
            connection.execute(_create(files))
            # After this the query can read the table, and nothing else of this machine.
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            answer = connection.sql(sql)
            if answer is None:
                raise DeployError("The query gives no rows: write a SELECT.")
            return Result(answer.columns, answer.project("COLUMNS(*)::VARCHAR").fetchall())
        except duckdb.Error as error:
            said = str(error).splitlines()[0].rstrip(".")
            raise DeployError(f"DuckDB cannot run the query: {said}; --list names the columns.") from error


def download(account: Account, bucket: str, folder: Path, say: Say) -> Mapping[str, Path]:
    """Download the archive: hour of arrival -> file, where each object ends in a line feed. Raises DeployError."""
    client = account.client("s3")
    with account.sentences(f"the archive {bucket} in {account.where}"):
        found = [one for one in s3.objects(client, bucket) if _HOUR.match(one.key)]
    say(f"reading {many(len(found), 'object')} of {bucket}")
    parts = {one: folder / f"{number:08d}" for number, one in enumerate(found)}
    with account.sentences():
        s3.download(client, bucket, parts.items(), say)
    files = {}
    for hour, ones in groupby(found, lambda one: one.key[: len("yyyy/MM/dd/HH")]):
        files[hour] = folder / f"{hour.replace('/', '-')}.jsonl"
        with files[hour].open("wb") as file:
            for one in ones:
                data = parts[one].read_bytes()
                file.write(data if data.endswith(b"\n") or not data else data + b"\n")
                parts[one].unlink()
    return files


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _create(files: Mapping[str, Path]) -> str:
    """The CREATE TABLE statement over these files."""
    kinds = template.archive_columns()
    columns = ", ".join(f"\"{key}\": '{_TYPES[kinds[key.lower()]]}'" for key in KEYS)
    named = ", ".join(f'"{key}" AS "{key.lower()}"' for key in KEYS)
    parts = [
        f"SELECT {named}, '{hour}' AS datehour FROM read_json('{_quoted(path)}', "  # noqa: S608  (our own names)
        f"format = 'newline_delimited', ignore_errors = true, columns = {{{columns}}})"
        for hour, path in files.items()
    ]
    nothing = ", ".join(f'NULL::{_TYPES[kinds[key.lower()]]} AS "{key.lower()}"' for key in KEYS)
    parts = parts or [f"SELECT {nothing}, NULL::VARCHAR AS datehour WHERE false"]
    return f"CREATE TABLE {template.archive_table()} AS {' UNION ALL '.join(parts)}"
