"""SQL over the archived raw readings: in Athena, or on this machine in DuckDB over the same objects.

Both know one table, `wildrydes`, with the same columns: those of a reading, and `datehour`, the hour of arrival in UTC,
by which a query can be narrowed. A malformed record is a row of NULLs in both, a value of another type is NULL.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import urllib3

from deploy import retained, template
from deploy.account import Account, DeployError, Say, Wait, flat, sentences
from deploy.stack import Stack

LIMIT = 1800.0  # seconds for a query in Athena, which itself gives up after 30 minutes
TOLD_EVERY = 5.0  # seconds between two lines of progress
DOWNLOADS = 2  # at a time; more do not help, neither here nor in an emulator of one thread
_HOUR = re.compile(r"(\d{4}/\d\d/\d\d/\d\d)/")
# The keys of a reading in its JSON. Athena does not tell cases apart, and its columns are lower case.
KEYS = ("Name", "StatusTime", "Latitude", "Longitude", "Distance", "HealthPoints", "MagicPoints")
_TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "float": "FLOAT", "int": "INTEGER"}  # Hive's in DuckDB


@dataclass(frozen=True)
class Result:
    """The answer: columns and rows, every value as text, None for NULL."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]

    def table(self) -> str:
        """For people: aligned columns; what cannot be printed is shown as a question mark."""
        cells = [[*self.columns], *([_printable(value or "") for value in row] for row in self.rows)]
        wide = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in cells]
        count = f"({len(self.rows):,} row{'' if len(self.rows) == 1 else 's'})"
        return "\n".join([lines[0], "  ".join("-" * width for width in wide), *lines[1:], count]) + "\n"

    def csv(self) -> str:
        """For programs: RFC 4180 with a heading; NULL is empty."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


def listed() -> list[str]:
    """The named queries and the columns, for people."""
    lines = ["The queries by name, for `python -m deploy query NAME`:"]
    for one in template.queries().values():
        lines += [f"  {one.name:<12}{one.description}", f"              {one.sql}"]
    columns = ", ".join(f"{name} {kind}" for name, kind in template.archive_columns().items())
    return [*lines, f"The columns of {template.archive_table()}: {columns}, datehour string (yyyy/MM/dd/HH, UTC)"]


def run(account: Account, stack: str, sql: str, database: str | None, say: Say) -> Result:
    """Run a query, or the named one, where the archive is. Raises DeployError with one sentence."""
    text = template.queries()[sql].sql if sql in template.queries() else sql
    if not text.strip() or " " not in text.strip():
        names = ", ".join(template.queries())
        raise DeployError(f"{sql!r} is neither SQL nor a named query; there are {names}.")
    found = Stack(account, stack).find()
    parameters: Mapping[str, str] = found.parameters if found else {}
    if account.is_emulated:
        # The archive outlives its stack.
        return here(account, retained.Names.of(account, parameters).archive, text, say)
    name = database or parameters.get("Database", template.parameters()["Database"].default)
    return in_athena(account, name, text, say)


def in_athena(account: Account, database: str, sql: str, say: Say) -> Result:
    """Run a query in Athena, in the work group and the database of this name. Raises DeployError."""
    athena = account.client("athena")
    with sentences(account):
        id_ = athena.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=database
        )["QueryExecutionId"]
    wait = Wait("The query", LIMIT, "narrow it by datehour", say)
    state = "QUEUED"
    try:
        while True:
            with sentences(account):
                execution = athena.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
            state = execution["Status"]["State"]
            if state == "SUCCEEDED":
                break
            if state in ("FAILED", "CANCELLED"):
                reason = execution["Status"].get("StateChangeReason", "no reason given")
                raise DeployError(f"Athena {state.lower()} the query: {flat(reason)}.")
            wait.pause()
    except (KeyboardInterrupt, DeployError):
        if state in ("QUEUED", "RUNNING"):  # else it goes on, and costs
            with contextlib.suppress(DeployError), sentences(account):
                athena.stop_query_execution(QueryExecutionId=id_)
        raise
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    say(f"Athena read {scanned / 1e6:,.1f} MB.")
    with sentences(account):
        return _athena_result(athena.get_paginator("get_query_results").paginate(QueryExecutionId=id_))


def _athena_result(pages: Any) -> Result:
    columns: list[str] = []
    rows: list[list[str | None]] = []
    for page in pages:
        columns = columns or [one["Name"] for one in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    if rows and rows[0] == columns:  # of a SELECT, the first row is the heading
        rows = rows[1:]
    return Result(columns, rows)


def here(account: Account, bucket: str, sql: str, say: Say) -> Result:
    """Run a query in DuckDB over the objects of the archive. Raises DeployError."""
    with tempfile.TemporaryDirectory(prefix="archive-") as scratch:
        return over(download(account, bucket, Path(scratch), say), sql)


def over(files: Mapping[str, Path], sql: str) -> Result:
    """Run a query over what `download` returned. Raises DeployError."""
    import duckdb  # noqa: PLC0415  (takes a moment, and only this needs it)

    with duckdb.connect() as connection:
        try:
            connection.execute(_create(files))
            # From here on the query sees the table and nothing else of this machine.
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
    """The archive as one file per hour of arrival, each object ending in a line feed. Raises DeployError."""
    s3 = account.client("s3")
    hours: dict[str, list[str]] = defaultdict(list)
    try:
        with sentences(account):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for one in page.get("Contents", ()):
                    if match := _HOUR.match(one["Key"]):
                        hours[match[1]].append(one["Key"])
    except DeployError as error:
        if not error.is_absence:
            raise
        raise DeployError(
            f"There is no archive {bucket} in {account.where}: `python -m deploy up` makes it."
        ) from error
    say(f"reading {sum(map(len, hours.values())):,} objects of {bucket}")

    def get(key: str) -> bytes:
        # Signed by boto3, got by urllib3: an emulator's archive has an object per record, and this takes half the time.
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=600)
        answer = http.request("GET", url)
        if answer.status != HTTPStatus.OK:
            raise DeployError(f"s3://{bucket}/{key} cannot be read (HTTP {answer.status}): allow s3:GetObject.")
        return answer.data if answer.data.endswith(b"\n") or not answer.data else answer.data + b"\n"

    def get_all(part: Sequence[str]) -> list[bytes]:
        return [*map(get, part)]

    files, done, told = {}, 0, time.monotonic()
    timeout = urllib3.Timeout(connect=5, read=60)
    with (
        urllib3.PoolManager(maxsize=DOWNLOADS, timeout=timeout, retries=urllib3.Retry(5, backoff_factor=0.2)) as http,
        ThreadPoolExecutor(DOWNLOADS) as pool,
        sentences(account),
    ):
        for hour, keys in sorted(hours.items()):
            files[hour] = folder / f"{hour.replace('/', '-')}.jsonl"
            with files[hour].open("wb") as file:
                for part in pool.map(get_all, _batches(sorted(keys), 100)):
                    file.writelines(part)
                    done += len(part)
                    if time.monotonic() - told > TOLD_EVERY:
                        told = time.monotonic()
                        say(f"read {done:,} objects")
    return files


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _create(files: Mapping[str, Path]) -> str:
    """The statement that makes the table of these files."""
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
